"""What a person fills in around replies: filters, an answer, and what is to happen by itself."""

import uuid
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from messaging.encoding import segments
from messaging.replies.inbox import Filters, Show
from messaging.replies.models import ReplySettings
from messaging.replies.services import Wishes
from portal.forms import FilterForm, Switch

LONGEST_ANSWER: Final = 1000
MOST_SEGMENTS: Final = 6


class InboxForm(FilterForm):
    """Which replies to show; every field may be empty."""

    q = forms.CharField(
        label=_("Number or words"), required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search"})
    )
    show = forms.ChoiceField(
        label=pgettext_lazy("replies", "Show"),
        required=False,
        choices=[
            ("", pgettext_lazy("replies", "All")),
            (Show.UNREAD, pgettext_lazy("replies", "Unread")),
            (Show.STOP, pgettext_lazy("replies", "STOP")),
        ],
    )

    def filters(self) -> Filters:
        """The filters that are valid; a field with an error filters nothing."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        return Filters(words=chosen.pop("q", ""), **chosen)


def _text(value: str) -> None:
    """Refuse what no telephone takes as one message."""
    if segments.count(value).segment_count > MOST_SEGMENTS:
        raise forms.ValidationError(
            _("This is too long for one message: it may have %(most)s segments."), params={"most": MOST_SEGMENTS}
        )


class AnswerForm(forms.Form):
    """A text back to the telephone. The reference makes a form that is sent twice one message."""

    text = forms.CharField(
        label=_("Your answer"),
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[_text],
    )
    reference = forms.UUIDField(widget=forms.HiddenInput())

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"reference": uuid.uuid4()})


class SettingsForm(forms.Form):
    """What happens with replies by itself."""

    forward_on = forms.BooleanField(label=_("Forward replies by e-mail"), required=False, widget=Switch())
    forward_email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Each reply is forwarded when it arrives, with the message it answers."),
    )
    answer_on = forms.BooleanField(label=_("Answer by itself"), required=False, widget=Switch())
    answer_text = forms.CharField(
        label=_("Text of the answer"),
        required=False,
        max_length=LONGEST_ANSWER,
        widget=forms.Textarea(attrs={"rows": 3}),
        validators=[_text],
        help_text=_(
            "Sent at most once in 24 hours to the same number, and charged like any message. Who asks for no more messages gets none."
        ),
    )

    def __init__(self, data: Any = None, *, kept: ReplySettings, suggested_email: str) -> None:
        names = ("forward_on", "forward_email", "answer_on", "answer_text")
        initial = {name: getattr(kept, name) for name in names}
        initial["forward_email"] = kept.forward_email or suggested_email
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        """What is on needs what it sends, or where."""
        cleaned = self.cleaned_data
        if cleaned.get("forward_on") and not cleaned.get("forward_email") and "forward_email" not in self.errors:
            self.add_error("forward_email", _("Enter the address that replies are forwarded to."))
        if cleaned.get("answer_on") and not cleaned.get("answer_text") and "answer_text" not in self.errors:
            self.add_error("answer_text", _("Enter the text that is sent as answer."))
        return cleaned

    def wishes(self) -> Wishes:
        """What was filled in, for the service."""
        return Wishes(**self.cleaned_data)
