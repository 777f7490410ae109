"""What staff type about money that came to the bank account."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.bank import tables
from billing.bank.entries import MAX_BYTES, Fault
from billing.payments.creditor_reference import references_in
from portal.forms import DayInput

FAULTS: Final[dict[Fault, str | Promise]] = {
    Fault.EMPTY: gettext_lazy("The file is empty. Download it from the bank again."),
    Fault.TOO_LARGE: gettext_lazy("The file is larger than 20 MB. Download a shorter period."),
    Fault.TOO_MANY: gettext_lazy("The file has more than 20,000 entries. Download a shorter period."),
    Fault.NO_STATEMENT: gettext_lazy("This is not a bank statement. Choose a CAMT.053 file (.xml) or a table (.csv)."),
    Fault.OTHER_ACCOUNT: gettext_lazy("This is the statement of another bank account."),
    Fault.DAMAGED: gettext_lazy("The file is damaged or not complete. Download it from the bank again."),
}


class StatementForm(forms.Form):
    """A file of the bank."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,
        help_text=gettext_lazy("CAMT.053 (.xml) or a table (.csv), at most 20 MB."),
        widget=forms.FileInput(
            attrs={"accept": ".xml,.csv,.txt", "data-most": MAX_BYTES, "data-too-large": FAULTS[Fault.TOO_LARGE]}
        ),
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """Not larger than a statement is, before it is read into memory."""
        chosen: UploadedFile[bytes] = self.cleaned_data["file"]
        if (chosen.size or 0) > MAX_BYTES:
            raise forms.ValidationError(str(FAULTS[Fault.TOO_LARGE]))
        return chosen


class ColumnsForm(forms.Form):
    """Which column of a table means what, and how amounts are written in it."""

    LABELS: Final = {
        tables.DAY: gettext_lazy("Day of booking"),
        tables.AMOUNT: gettext_lazy("Amount received"),
        tables.OUT: gettext_lazy("Amount that went out"),
        tables.TEXT: gettext_lazy("Remittance text"),
        tables.PAYER: gettext_lazy("Payer"),
        tables.PAYER_IBAN: gettext_lazy("Payer's IBAN"),
        tables.REFERENCE: gettext_lazy("Bank's reference"),
        tables.CURRENCY_COLUMN: gettext_lazy("Currency"),
    }
    NEEDED: Final = (tables.DAY, tables.AMOUNT)

    decimal_mark = forms.ChoiceField(
        label=gettext_lazy("Amounts are written like"), choices=[(",", "1.234,56"), (".", "1,234.56")]
    )

    def __init__(self, data: Any, *, heading: list[str], plan: tables.Plan) -> None:
        initial = {meaning: str(place) for meaning, place in plan.columns.items()}
        super().__init__(data, initial={**initial, "decimal_mark": plan.decimal_mark})
        names = [(str(place), name or f"{place + 1}") for place, name in enumerate(heading)]
        for meaning, label in self.LABELS.items():
            is_needed = meaning in self.NEEDED
            self.fields[meaning] = forms.ChoiceField(
                label=label, required=is_needed, choices=names if is_needed else [("", "–"), *names]
            )
        self.order_fields([*self.LABELS, "decimal_mark"])

    @property
    def plan(self) -> tables.Plan:
        """What was chosen."""
        given = self.cleaned_data
        columns = {meaning: int(given[meaning]) for meaning in self.LABELS if given[meaning] != ""}
        return tables.Plan(columns, given["decimal_mark"])


class DecisionForm(forms.Form):
    """What of a line was open when the person looked at it."""

    open_cents = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class AssignmentForm(DecisionForm):
    """Which purchase a line is for, by the reference of its bank transfer."""

    quoted = forms.CharField(label=gettext_lazy("Reference of the purchase"), max_length=40)

    def clean_quoted(self) -> str:
        """The reference without spaces, its check digits right."""
        found = references_in(self.cleaned_data["quoted"])
        if len(found) != 1:
            raise forms.ValidationError(_("This is not one of our references. They look like RF18 5390 0754 7034."))
        return found.pop()


class AsideForm(DecisionForm):
    """Why money that came is not for credits."""

    reason = forms.CharField(label=gettext_lazy("Why it is not for credits"), max_length=200)


class ReturnForm(DecisionForm):
    """How money was sent back."""

    done_on = forms.DateField(label=gettext_lazy("Sent back on"), widget=DayInput())
    reference = forms.CharField(label=gettext_lazy("Reference of the transfer back"), max_length=140)
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)

    def clean_done_on(self) -> date:
        """Not in the future."""
        return _past(self.cleaned_data["done_on"])


class UndoingForm(forms.Form):
    """Why a booking is undone."""

    reason = forms.CharField(label=gettext_lazy("Why it is undone"), max_length=200)


class ClosureForm(forms.Form):
    """Why the rest of a bank transfer is not waited for any more, and what the person saw to have come of it.

    Its inputs have ids of their own, because the page has another form that asks for a reason.
    """

    received_cents = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why the rest is not waited for any more.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "closure_%s", **kwargs})


class ConfirmationForm(forms.Form):
    """Money that somebody saw on the bank account before a statement told of it. The reference makes it once."""

    reference = forms.UUIDField(widget=forms.HiddenInput)
    missing_cents = forms.IntegerField(widget=forms.HiddenInput)
    amount_cents = forms.DecimalField(
        min_value=Decimal("0.01"), max_digits=12, decimal_places=2, localize=True, label=gettext_lazy("Amount received")
    )
    received_on = forms.DateField(label=gettext_lazy("Received on"), widget=DayInput())
    reason = forms.CharField(
        max_length=200, label=gettext_lazy("Reason"), help_text=gettext_lazy("Where you saw it, and why by hand.")
    )

    @classmethod
    def blank(cls, cents: int) -> "ConfirmationForm":
        """A form for the amount that is missing."""
        today = timezone.localdate()
        initial = {
            "reference": uuid.uuid4(),
            "missing_cents": cents,
            "amount_cents": Decimal(cents).scaleb(-2),
            "received_on": today,
        }
        return cls(initial=initial)

    def clean_amount_cents(self) -> int:
        """The amount as whole cents."""
        return int(cast(Decimal, self.cleaned_data["amount_cents"]) * 100)

    def clean_received_on(self) -> date:
        """Not in the future."""
        return _past(self.cleaned_data["received_on"])


def _past(day: date) -> date:
    if day > timezone.localdate():
        raise forms.ValidationError(_("This day has not come yet."))
    return day
