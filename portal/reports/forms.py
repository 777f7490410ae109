"""What a person fills in to ask for a report."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from messaging.delivery.forms import SelectionForm
from portal.accounts.models import Account
from portal.forms import DayInput
from portal.reports.models import Kind
from portal.reports.services import Period, Selection
from portal.templatetags import formats

# Messages are many, movements of credits few: ten years of those are one file.
MAX_DAYS: Final[Mapping[str, int]] = {Kind.DELIVERY_RECEIPTS: 400, Kind.STATEMENT: 3660}
FIRST_DAY: Final = date(2000, 1, 1)


class ReportForm(SelectionForm):
    """Which report, over which days in the account's zone, of which messages. Its address can be shared: they stand in it."""

    kind = forms.ChoiceField(label=_("Report"), choices=Kind.choices)
    first_day = forms.DateField(label=_("From"), widget=DayInput())
    last_day = forms.DateField(label=_("To"), widget=DayInput())
    reference = forms.UUIDField(widget=forms.HiddenInput())
    field_order = ("kind", "first_day", "last_day", "recipient", "least")

    def __init__(
        self, data: Mapping[str, Any] | None, *, account: Account, now: datetime, shared: Mapping[str, str]
    ) -> None:
        """`shared` is what an address says of all that; else this month is proposed, and all of a statement."""
        self._today = now.astimezone(ZoneInfo(account.time_zone)).date()
        proposed = {"first_day": self._today.replace(day=1), "last_day": self._today, "kind": Kind.DELIVERY_RECEIPTS}
        if shared.get("kind") == Kind.STATEMENT:
            proposed["first_day"] = account.created_at.astimezone(ZoneInfo(account.time_zone)).date()
        super().__init__(data, account=account, initial={**proposed, **shared, "reference": uuid.uuid4()})

    def clean_last_day(self) -> date:
        """Refuse days that are yet to come: nothing was sent on them."""
        day: date = self.cleaned_data["last_day"]
        if day > self._today:
            raise ValidationError(_("Choose today or an earlier day."))
        return day

    def clean_first_day(self) -> date:
        """Refuse days before there was anything to report."""
        day: date = self.cleaned_data["first_day"]
        if day < FIRST_DAY:
            raise ValidationError(_("Choose a later day."))
        return day

    def clean(self) -> dict[str, Any]:
        """Check the two days against each other, and that messages are selected where there are any."""
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("The period ends before it begins."))
        elif first and last and "kind" in cleaned and (last - first).days >= MAX_DAYS[cleaned["kind"]]:
            days = formats.number(MAX_DAYS[cleaned["kind"]])
            self.add_error("last_day", _("Choose a period of %(days)s days or less.") % {"days": days})
        if cleaned.get("kind") == Kind.STATEMENT:
            for field in ("recipient", "least"):
                if cleaned.get(field):
                    self.add_error(field, _("A statement is always complete. Leave this empty."))
        return cleaned

    def selection(self) -> Selection:
        """Which messages a clean form asks for."""
        return Selection(self.cleaned_data["recipient"], self.cleaned_data["least"] or 0)

    def period(self) -> Period:
        """From the first moment of the first day up to the first moment after the last day."""
        zone = ZoneInfo(self._account.time_zone)
        starts_at = datetime.combine(self.cleaned_data["first_day"], time.min, tzinfo=zone)
        ends_at = datetime.combine(self.cleaned_data["last_day"] + timedelta(days=1), time.min, tzinfo=zone)
        return Period(starts_at, ends_at, self._account.time_zone)
