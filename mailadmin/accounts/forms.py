"""What is asked about a person."""

from typing import Any

from django import forms
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mailadmin.accounts.models import User
from mailadmin.accounts.roles import DESCRIPTIONS, Role


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


class NewPersonForm(PersonForm):
    username = forms.CharField(
        label="User name",
        max_length=150,
        validators=[ASCIIUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text="Lower case. It stays in the history, so it cannot be changed later.",
    )
    field_order = ("username", "full_name", "email", "roles")

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
