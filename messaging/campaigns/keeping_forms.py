"""The shape of what an account keeps for its next message, and of how it sends."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.campaigns.forms import MAX_TEXT


class TemplateForm(forms.Form):
    """A text to keep, and its name."""

    name = forms.CharField(label=gettext_lazy("Name of the template"), max_length=80)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=MAX_TEXT, strip=False, widget=forms.Textarea(attrs={"rows": 6})
    )

    def clean_text(self) -> str:
        """A text of spaces is none."""
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(_("Type the text of the message."))
        return text


class RulesForm(forms.Form):
    """How the account sends."""

    undo_seconds = forms.TypedChoiceField(
        label=gettext_lazy("How long a send can be undone"),
        coerce=int,
        choices=[
            (0, gettext_lazy("Not at all")),
            (10, gettext_lazy("10 seconds")),
            (30, gettext_lazy("30 seconds")),
            (60, gettext_lazy("1 minute")),
            (300, gettext_lazy("5 minutes")),
            (900, gettext_lazy("15 minutes")),
        ],
    )
    closing = forms.CharField(
        label=gettext_lazy("How recipients of marketing opt out"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The last line of every marketing message. It is counted and charged like the rest."),
    )


class DefaultForm(forms.Form):
    """What stands where a recipient misses a merge field."""

    name = forms.CharField(max_length=40)
    default = forms.CharField(max_length=80)
