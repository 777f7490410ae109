"""What a person fills in to set up an alert."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.amounts import MAX_UNITS
from billing.pricing import selectors as pricing_selectors
from billing.pricing.codes import Service
from billing.pricing.quote import NoRate
from messaging.alerts.models import LEAST_DAYS, MOST_DAYS, BalanceAlert
from messaging.alerts.services import Terms
from messaging.encoding import numbers
from portal.fields import CreditsField
from portal.forms import Switch, UnitInput

# Each switch, and the address that is needed when it is on.
CHANNELS: Final = {"email_on": "email", "sms_on": "number"}


class ChannelsForm(forms.Form):
    """Each channel with its switch and its address; a form of alerts adds what is watched.

    `watches` names the field of the threshold, and the alert's attribute behind it.
    """

    watches: ClassVar[dict[str, str]] = {}

    email_on = forms.BooleanField(label=_("Tell somebody by e-mail"), required=False, widget=Switch())
    email = forms.EmailField(label=_("E-mail address"), required=False, max_length=254)
    sms_on = forms.BooleanField(
        label=_("Tell somebody by SMS"),
        required=False,
        widget=Switch(),
        help_text=_("These messages cost you nothing: we pay for them."),
    )
    number = forms.CharField(
        label=_("Mobile number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=_("With the international prefix, for example +39 347 123 4567."),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        region: str,
        now: datetime,
        alert: BalanceAlert | None,
        suggestion: dict[str, Any],
    ) -> None:
        """`region` is the country (ISO 3166) of numbers without a prefix; `alert` the one that is being changed.

        A new alert begins with the `suggestion`.
        """
        initial = suggestion
        if alert is not None:
            initial = {
                **{name: getattr(alert, attribute) for name, attribute in self.watches.items()},
                "email_on": alert.email_on,
                "email": alert.email,
                "sms_on": alert.sms_on,
                "number": numbers.international(alert.number) if alert.number else "",
            }
        super().__init__(data, initial=initial)
        for switch, address in CHANNELS.items():
            self.fields[address].required = bool(self[switch].value())
            self.fields[address].error_messages["required"] = _("Fill this in, or switch the channel off.")
        self._region = region
        self._now = now
        self._is_new = alert is None

    def clean_number(self) -> str:
        """Return the number in E.164; it must be one that text messages can be sent to."""
        written = self.cleaned_data["number"]
        if not written:
            return ""
        try:
            e164 = numbers.parse(written, region=self._region).e164
            pricing_selectors.rates(Service.SMS_SEGMENT, self._now).find(e164)
        except numbers.InvalidNumber as error:
            raise ValidationError(_("This is not a telephone number. Write it with its prefix: +39 …")) from error
        except NoRate as error:
            raise ValidationError(_("Text messages cannot be sent to this number.")) from error
        return e164

    def clean(self) -> dict[str, Any]:
        """Ask for one channel at least of a new alert."""
        cleaned = super().clean() or self.cleaned_data
        if self._is_new and not (cleaned.get("email_on") or cleaned.get("sms_on")):
            raise ValidationError(_("Switch on e-mail, SMS or both: otherwise nobody would be told."))
        return cleaned

    def terms(self) -> Terms:
        """What was filled in, as the services take it."""
        return Terms(
            threshold_units=self.cleaned_data.get("threshold"),
            threshold_days=self.cleaned_data.get("days"),
            email_on=self.cleaned_data["email_on"],
            email=self.cleaned_data["email"],
            sms_on=self.cleaned_data["sms_on"],
            number=self.cleaned_data["number"],
        )


class AlertForm(ChannelsForm):
    """An alert on the credits that are left."""

    watches: ClassVar = {"threshold": "threshold_units"}
    field_order = ("threshold",)

    threshold = CreditsField(
        label=_("Threshold"),
        most=MAX_UNITS,
        help_text=_("The alert fires when the credits you can spend fall to this number or below."),
    )


class RunwayForm(ChannelsForm):
    """An alert on how long the credits last."""

    watches: ClassVar = {"days": "threshold_days"}
    field_order = ("days",)

    days = forms.IntegerField(
        label=_("Days left"),
        min_value=LEAST_DAYS,
        max_value=MOST_DAYS,
        initial=3,
        widget=UnitInput(unit=_("days"), attrs={"inputmode": "numeric"}),
        help_text=_(
            "The alert fires when the credits you can spend last this many days or less at the pace of the last weeks."
        ),
    )
