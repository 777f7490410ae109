"""The shape of a message to many: sender, text, whom."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.campaigns import clock
from messaging.campaigns.clock import Fold
from messaging.campaigns.codes import Traffic
from messaging.campaigns.merge import Template
from messaging.campaigns.models import CampaignDraft
from messaging.contacts import faults, paste
from messaging.contacts.models import ContactList
from messaging.contacts.paste import Pasted
from messaging.encoding import segments
from messaging.encoding.numbers import PasteTooLong, TooManyNumbers
from messaging.senders.forms import SenderField
from messaging.senders.models import SenderName
from portal.templatetags.formats import number, zone_city

MAX_TEXT = 5_000
"""Characters that are counted at all; what can be sent is decided in segments."""

LONGEST_AHEAD = timedelta(days=366)
"""How far ahead a campaign may be planned."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What an account may choose from; `region` is where its numbers without an international prefix belong."""

    senders: QuerySet[SenderName]
    portal_number: str
    lists: QuerySet[ContactList]
    region: str
    zone: ZoneInfo


class ListField(forms.ModelChoiceField[ContactList]):
    """One of the account's lists, with how many contacts it has."""

    def label_from_instance(self, obj: ContactList) -> str:
        """Name the list; `contact_count` comes from the selector."""
        count: int = getattr(obj, "contact_count", 0)
        text = ngettext("%(name)s (%(count)s contact)", "%(name)s (%(count)s contacts)", count)
        return text % {"name": obj.name, "count": number(count)}


class WallTimeField(forms.Field):
    """A day and a time as a clock on the wall shows them (naive): whose wall it is the form knows."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        """Read "2026-12-01T09:30", the way browsers send it, with a space or a T."""
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError as error:
            raise forms.ValidationError(_("Enter a day and a time, for example 2026-12-01 09:30.")) from error


class MessageForm(forms.Form):
    """What is being typed. Nothing is required yet, so that the preview can follow every key; `read` are the numbers."""

    reference = forms.UUIDField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(
        label=gettext_lazy("Name of the campaign"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Only your team sees it. Without a name, the beginning of the text is shown."),
    )
    sender = SenderField(
        label=gettext_lazy("Sender"), help_text=gettext_lazy("With a name as sender nobody can reply to you.")
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        max_length=MAX_TEXT,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    contact_list = ListField(
        label=gettext_lazy("Contact list"),
        help_text=gettext_lazy("Choose a list, paste numbers, or both."),
        queryset=ContactList.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=gettext_lazy("No list"),
    )
    traffic = forms.ChoiceField(
        label=gettext_lazy("Kind of message"),
        choices=Traffic.choices,
        initial=Traffic.SERVICE,
        required=False,
        help_text=gettext_lazy(
            "Marketing keeps the quiet hours and holidays of the recipient's country and ends with how to opt out."
        ),
        widget=forms.RadioSelect(attrs={"class": "choices"}),
    )
    starts = WallTimeField(label=gettext_lazy("Send at"), required=False)
    fold = forms.ChoiceField(
        label=gettext_lazy("Which of the two"),
        choices=[
            ("", gettext_lazy("Choose")),
            (Fold.FIRST.value, gettext_lazy("The first time, before the clocks go back")),
            (Fold.SECOND.value, gettext_lazy("The second time, after the clocks have gone back")),
        ],
        required=False,
    )
    pasted = forms.CharField(
        label=gettext_lazy("Numbers"),
        required=False,
        help_text=gettext_lazy(
            "One a line, at most 10,000. Without an international prefix they belong to your country."
        ),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off", "class": "mono"}),
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region, self.zone = choices.region, choices.zone
        self.asks_which = bool(self.data.get("fold"))
        self.fields["starts"].help_text = _("Empty means now. The time is that of %(city)s.") % {
            "city": zone_city(choices.zone)
        }
        self.read = Pasted((), 0, ())
        sender, contact_list = self.fields["sender"], self.fields["contact_list"]
        assert isinstance(sender, SenderField)
        assert isinstance(contact_list, ListField)
        sender.offer(choices.senders, portal_number=choices.portal_number)
        contact_list.queryset = choices.lists

    def clean_pasted(self) -> str:
        """Read the numbers into `read`, and keep what was typed."""
        raw: str = self.cleaned_data["pasted"]
        try:
            self.read = paste.read(raw, region=self.region)
        except PasteTooLong as refused:
            message = _("This is too much to read at once: paste at most %(limit)s characters.")
            raise forms.ValidationError(message, params={"limit": number(refused.limit)}) from refused
        except TooManyNumbers as refused:
            message = _("These are too many numbers: paste at most %(limit)s at once, or use a list.")
            raise forms.ValidationError(message, params={"limit": number(refused.limit)}) from refused
        return raw


class ComposeForm(MessageForm):
    """A message that can be quoted: there is a text, it is not too long, and somebody gets it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = True
        self.fields["text"].error_messages["required"] = _("Type the text of the message.")

    def clean(self) -> None:
        """Say what is missing where it is missing; what can be sent to some is left to the quote."""
        super().clean()
        self._check_text()
        self._check_start()
        chosen = self.cleaned_data.get("contact_list")
        if self.read.entries or chosen or {"pasted", "contact_list"} & self.errors.keys():
            return
        if self.read.invalid:
            message = _("None of these lines holds a telephone number. %(example)s")
            example = faults.sentence(self.read.invalid)
            self.add_error("pasted", forms.ValidationError(message, params={"example": example}))
        else:
            self.add_error("pasted", _("Paste at least one number, or choose a list."))

    def _check_text(self) -> None:
        if "text" in self.errors:
            return
        text = self.cleaned_data["text"]
        count = segments.count(text).segment_count
        if not text.strip():
            self.add_error("text", _("Type the text of the message."))
        elif not Template(text).fields and count > segments.MAX_SEGMENTS:
            message = _("This text takes %(count)s segments; at most %(limit)s can be sent. Shorten it.")
            params = {"count": number(count), "limit": number(segments.MAX_SEGMENTS)}
            self.add_error("text", forms.ValidationError(message, params=params))

    def _check_start(self) -> None:
        """Turn the time on the wall into a moment, or say why it is none (twice a year)."""
        wall: datetime | None = self.cleaned_data.pop("starts", None)
        fold = self.cleaned_data.pop("fold", "")
        self.cleaned_data["starts_at"] = None
        if wall is None:
            return
        here = timezone.now().astimezone(self.zone).replace(tzinfo=None)
        # Before anything is reckoned: a calendar ends, and credits are not held for years.
        if wall > here + LONGEST_AHEAD:
            self.add_error("starts", _("This is too far ahead. Choose a moment within a year."))
            return
        if wall < here - timedelta(days=1):
            self.add_error("starts", _("This moment has passed. Choose one to come, or leave it empty."))
            return
        try:
            self.cleaned_data["starts_at"] = clock.moment(wall, self.zone, Fold(fold) if fold else None)
        except clock.NoSuchTime as refused:
            message = _("The clocks go forward over this time: it does not exist. The next one is %(after)s.")
            self.add_error("starts", forms.ValidationError(message, params={"after": f"{refused.after:%H:%M}"}))
        except clock.TwiceThatDay:
            self.asks_which = True
            self.add_error(
                "starts", _("The clocks go back: this time comes twice. Say below which of the two you mean.")
            )
        else:
            if self.cleaned_data["starts_at"] <= timezone.now():
                self.add_error("starts", _("This moment has passed. Choose one to come, or leave it empty."))

    def clean_traffic(self) -> Traffic:
        """The kind; a form that does not say sends a service message."""
        return Traffic(self.cleaned_data["traffic"] or Traffic.SERVICE)

    def clean_reference(self) -> uuid.UUID:
        """Give the form's own key; a form without one gets its own."""
        return self.cleaned_data["reference"] or uuid.uuid4()


class SendForm(forms.Form):
    """What the button of a quote says: send exactly this."""

    fingerprint = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    again = forms.BooleanField(required=False)


def initial(
    draft: CampaignDraft | None, *, default: SenderName | None, list_id: str, zone: ZoneInfo, text: str = ""
) -> dict[str, object]:
    """What the page of composing begins with: a draft, or nothing but the default sender, a chosen list or template."""
    if draft is None:
        sender = default.public_id if default else ""
        begun = {"sender": sender, "contact_list": list_id, "text": text, "traffic": Traffic.SERVICE}
        return {"reference": uuid.uuid4(), **begun}
    return {
        "reference": draft.reference,
        "name": draft.name,
        "sender": draft.sender.public_id if draft.sender else "",
        "text": draft.text,
        "pasted": draft.pasted,
        "contact_list": draft.list_public_id or "",
        "traffic": draft.traffic,
        "starts": draft.starts_at.astimezone(zone).replace(tzinfo=None) if draft.starts_at else None,
    }
