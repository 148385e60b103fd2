"""What is asked about a person."""

from typing import Any

from django import forms
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import DESCRIPTIONS, Role
from mailadmin.accounts.teams import DELEGABLE


def _described(role: Role) -> SafeString:
    return format_html('{}<span class="check__words">{}</span>', role.value.capitalize(), DESCRIPTIONS[role])


class PersonForm(forms.Form):
    full_name = forms.CharField(label="Full name", max_length=150, required=False)
    email = forms.EmailField(label="E-mail", required=False)
    roles = forms.TypedMultipleChoiceField(
        label="Roles",
        required=False,
        coerce=Role,
        widget=forms.CheckboxSelectMultiple,
        choices=[(role.value, _described(role)) for role in Role],
        help_text="A person may hold several. Nobody, whatever their roles, approves a change of their own.",
    )

    limited = forms.BooleanField(
        label="Limited to what is delegated",
        label_suffix="",
        required=False,
        help_text="Sees and edits only the domains that are delegated to them or to their teams; without any, nothing. "
        "Publishes only as a publisher. An administrator cannot be limited.",
    )


class NewPersonForm(PersonForm):
    username = forms.CharField(
        label="User name",
        max_length=150,
        validators=[ASCIIUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="Lower case. It stays in the history, so it cannot be changed later.",
    )
    field_order = ("username", "full_name", "email", "roles", "limited")

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].strip().lower()
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(
                f"There is a person “{username}” already. Choose another name, or edit that one.", code="taken"
            )
        return username


class PasswordResetForm(forms.Form):
    remove_second_factor = forms.BooleanField(label="Remove their second factor too", required=False)

    def __init__(self, *args: Any, has_second_factor: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not has_second_factor:
            del self.fields["remove_second_factor"]


class DelegationForm(forms.Form):
    domains = forms.CharField(
        label="Domains",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        max_length=20_000,
        help_text="With blanks or line breaks between them. Each covers itself and everything under it.",
    )
    tables = forms.MultipleChoiceField(
        label="Tables", widget=forms.CheckboxSelectMultiple, choices=[(name, name) for name in DELEGABLE]
    )
    catch_alls = forms.BooleanField(
        label="Catch-alls",
        label_suffix="",
        required=False,
        help_text="Entries for everybody in a domain, such as @example.com.",
    )
    outside_targets = forms.BooleanField(
        label="Targets outside",
        label_suffix="",
        required=False,
        help_text="Mail may be led to addresses and hosts outside these domains, and to local users.",
    )
    quota = forms.IntegerField(
        label="Most entries",
        required=False,
        min_value=0,
        max_value=1_000_000_000,
        help_text="That may stand in these tables and domains, whoever made them. Empty: as many as wanted.",
    )

    def clean_domains(self) -> list[str]:
        return str(self.cleaned_data["domains"]).replace(",", " ").split()


class NewTeamForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80)


class TeamForm(NewTeamForm):
    members = forms.ModelMultipleChoiceField(
        label="Members",
        required=False,
        queryset=User.objects.order_by("username"),
        widget=forms.CheckboxSelectMultiple,
        help_text="What is delegated to the team is so to each member who is limited.",
    )
