"""What people type. Fields take anything at all; the core says what is wrong with it, here as everywhere else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from tables.models import ChangeRequest
from tables.sendmail.spec import ABOUT, Entry, TableSpec
from tables.sendmail.tables import TABLES
from tables.sendmail.text import decode

LISTING_STATES = {"all": "All", "on": "In force", "off": "Switched off", "dated": "With dates"}
NUL = decode(b"\0")

REQUEST_STATES = {"": "Any state", **dict(ChangeRequest.State.choices)}
REQUEST_VIEWS = {"open": "Open", "review": "To review", "mine": "Mine", "all": "All"}


#: What the core checks, by the name that a problem gives its field.
TYPED = ("key", "value", "comment")

#: Characters beyond which one line of input is too narrow to read.
LONG = 72


class RawField(forms.CharField):
    """Text exactly as it was sent, blanks and control characters included: what must go is named, not swallowed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, required=False, **options)
        self.validators = []

    def to_python(self, value: Any) -> str:
        # NUL as the core writes it: a database could not even look for it.
        return "" if value is None else str(value).replace("\0", NUL)


class LinesField(RawField):
    """Several lines, with the browser's line ends made those of a text."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n").rstrip("\n")


class ReasonField(LinesField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": "Reason", "widget": forms.Textarea(attrs={"rows": 2}), **options})

    def to_python(self, value: Any) -> str:
        return super().to_python(value).strip()


class EntryForm(forms.Form):
    """One entry of any table. ``seen`` is the checksum of what was shown, ``confirmed`` that of the warnings shown."""

    key = RawField()
    value = RawField()
    comment = LinesField(label="Comment", widget=forms.Textarea(attrs={"rows": 2}))
    enabled = forms.BooleanField(label="In force", required=False)
    owner = RawField(label="Owner")
    ticket = RawField(label="Ticket")
    starts = RawField(label="Begins", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    ends = RawField(label="Ends", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    reason = ReasonField()
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    confirmed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, table: TableSpec, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["key"].label = table.key_label
        self.fields["key"].help_text = table.key_help
        self.fields["value"].label = table.value_label
        self.fields["value"].help_text = table.value_help
        if not table.has_value:
            del self.fields["value"]
        self._dress()

    def _dress(self) -> None:
        """What a control needs beyond its text: its help and problems named to it, room for a long value."""
        for name in TYPED:
            if name not in self.fields:
                continue
            if name != "comment" and len(str(self[name].value() or "")) > LONG:
                self.fields[name].widget = forms.Textarea(attrs={"rows": 3})
            described = (
                f"{self[name].auto_id}_helptext problems-{name}" if self.fields[name].help_text else f"problems-{name}"
            )
            plain = (
                {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"} if name != "comment" else {}
            )
            self.fields[name].widget.attrs.update({"aria-describedby": described, **plain})

    def mark_wrong(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"

    def lead_to(self, name: str) -> None:
        """Where the page opens with the cursor."""
        if name in self.fields:
            self.fields[name].widget.attrs["autofocus"] = True

    @property
    def typed(self) -> Entry:
        """The entry as it was typed: no field refuses anything, so there always is one."""
        self.is_valid()
        data = self.cleaned_data
        return Entry(key=data["key"], value=data.get("value", ""), comment=data["comment"], enabled=data["enabled"])

    @property
    def about(self) -> dict[str, str]:
        """What was typed beside the entry; a field that was not sent at all is not to be changed."""
        self.is_valid()
        return {name: self.cleaned_data[name] for name in ABOUT if name in self.data}


class ConfirmForm(forms.Form):
    """Switching or deleting an entry."""

    reason = ReasonField()
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    """A decision about exactly what was shown. ``whole`` is asked when that took several pages."""

    comment = ReasonField(label="Comment")
    checksum = forms.CharField(required=False, widget=forms.HiddenInput)
    whole = forms.BooleanField(required=False)


class TextForm(forms.Form):
    """A remark about a request."""

    text = LinesField(label="Remark", widget=forms.Textarea(attrs={"rows": 3}))


class AmendForm(forms.Form):
    """What is said once about a request that is edited; its lines have forms of their own."""

    reason = ReasonField()
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    confirmed = forms.BooleanField(label="Save with these warnings", required=False)


class AmendLineForm(forms.Form):
    """One entry that a request writes, as it is wanted now."""

    value = RawField()
    comment = LinesField(label="Comment", widget=forms.Textarea(attrs={"rows": 2}))
    enabled = forms.BooleanField(label="In force", required=False)
    drop = forms.BooleanField(label="Leave this change out", required=False)


class ReasonForm(forms.Form):
    reason = ReasonField()


class SubmitForm(ReasonForm):
    """Handing a draft in."""

    ticket = RawField(label="Ticket")


class FilterForm(forms.Form):
    """A form of a GET address: whatever is not understood there counts as not given."""

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or field.initial for name, field in self.fields.items()}


class QueryField(forms.CharField):
    """Words to look for. No table holds a control character in a searchable place, so they are left out."""

    def to_python(self, value: Any) -> str:
        return "".join(character if character.isprintable() else " " for character in value or "").strip()


class ListingForm(FilterForm):
    q = QueryField(required=False, initial="", max_length=500)
    state = forms.ChoiceField(required=False, initial="all", choices=list(LISTING_STATES.items()))


class MomentForm(FilterForm):
    """A table as it was; ``when`` as :func:`tables.past.moments.read` takes it."""

    when = QueryField(required=False, initial="", max_length=100)
    q = QueryField(required=False, initial="", max_length=500)


class CompareForm(FilterForm):
    """Two such points, and one table or all."""

    old = QueryField(required=False, initial="", max_length=100)
    new = QueryField(required=False, initial="", max_length=100)
    table = forms.ChoiceField(required=False, initial="", choices=[("", "All"), *((name, name) for name in TABLES)])


class SearchForm(FilterForm):
    q = QueryField(required=False, initial="", max_length=500)


class RequestsForm(FilterForm):
    view = forms.ChoiceField(required=False, initial="open", choices=list(REQUEST_VIEWS.items()))
    state = forms.ChoiceField(required=False, initial="", choices=list(REQUEST_STATES.items()))
