"""The shape of a purchase."""

import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.invoices import vat
from billing.payments.models import PaymentMethod
from billing.pricing.models import CreditPack
from portal.forms import CardLabel, RadioCards
from portal.templatetags.formats import credits, money, price_each

NEW_TRANSFER: Final = "bank_transfer"
TRANSFER: Final = PaymentMethod.Kind.BANK_TRANSFER


def _card(pack: CreditPack, rate: Decimal) -> CardLabel:
    """A pack as a choice: how many credits, what each costs, what the pack costs, and what is paid in the end."""
    currency = pack.price_list.currency
    detail = _("%(price)s each") % {"price": price_each(pack.unit_price_cents, currency)}
    if rate:
        gross_cents = pack.price_cents + vat.vat_cents(pack.price_cents, rate)
        detail += " · " + _("%(amount)s with VAT") % {"amount": money(gross_cents, currency)}
    return CardLabel(
        _("%(credits)s credits") % {"credits": credits(pack.credits)},
        detail=detail,
        aside=money(pack.price_cents, currency),
    )


class RechargeForm(forms.Form):
    """Which pack, paid how. Only what this account may choose is a choice; amounts are never taken from the form.

    `method` is cleaned into the method, or None for a bank transfer that the account has not kept yet. `assessment` is
    the VAT of the account's purchases, None while its billing details are missing.
    """

    reference = forms.UUIDField(widget=forms.HiddenInput)
    pack = forms.TypedChoiceField(widget=RadioCards(), label=gettext_lazy("How many credits"))
    method = forms.TypedChoiceField(
        widget=forms.RadioSelect(attrs={"class": "choices"}), label=gettext_lazy("Payment method")
    )

    def __init__(
        self,
        *args: Any,
        packs: Sequence[CreditPack],
        methods: QuerySet[PaymentMethod],
        assessment: vat.Assessment | None,
        **kwargs: Any,
    ) -> None:
        by_id = {str(pack.public_id): pack for pack in packs}
        by_method: dict[str, PaymentMethod | None] = {str(method.public_id): method for method in methods}
        # Nothing has to be set up for a bank transfer, so it can be chosen before it is kept. It comes last either way.
        transfers = [known for known, method in by_method.items() if method and method.kind == TRANSFER]
        key = transfers[0] if transfers else NEW_TRANSFER
        by_method[key] = by_method.pop(key, None)
        names = [(known, str(TRANSFER.label) if known == key else str(method)) for known, method in by_method.items()]
        initial = {
            "reference": uuid.uuid4(),
            "pack": next(iter(by_id), None),
            "method": next(iter(by_method)),
        }
        super().__init__(*args, **{"initial": initial, **kwargs})
        pack_field = cast(forms.TypedChoiceField, self.fields["pack"])
        rate = assessment.rate if assessment else Decimal(0)
        pack_field.choices = [(public_id, _card(pack, rate)) for public_id, pack in by_id.items()]
        pack_field.coerce = by_id.__getitem__
        method_field = cast(forms.TypedChoiceField, self.fields["method"])
        method_field.choices = names
        method_field.coerce = by_method.__getitem__
        method_field.empty_value = None
        self.assessment = assessment
        # All packs come from one list, and with it one policy.
        self.expire_after_months = packs[0].price_list.credits_expire_after_months if packs else None
