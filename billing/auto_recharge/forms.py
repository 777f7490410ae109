"""What a person fills in to have credits bought by themselves."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.auto_recharge.models import MAX_THRESHOLD, AutoRecharge
from billing.auto_recharge.replaying import Wish
from billing.auto_recharge.services import Terms
from billing.payments.models import PaymentMethod
from billing.pricing.models import CreditPack
from portal.fields import CreditsField
from portal.forms import UnitInput
from portal.templatetags.formats import credits, money

MOST_EUROS: Final = Decimal(1_000_000)


def _cap(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        localize=True,
        decimal_places=2,
        min_value=Decimal("0.01"),
        max_value=MOST_EUROS,
        widget=UnitInput(unit="EUR"),
    )


class AutoRechargeForm(forms.Form):
    """Threshold, quantity, the method to charge first, and limits in money."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    threshold = CreditsField(
        label=_("Minimum threshold"),
        most=MAX_THRESHOLD,
        help_text=_("Credits are bought when what is available and on its way is at or below this number."),
    )
    quantity = forms.TypedChoiceField(
        label=_("Quantity"),
        coerce=int,
        help_text=_("If one is not enough to get above the threshold, as many as it takes are bought at once."),
    )
    method = forms.ModelChoiceField(
        queryset=PaymentMethod.objects.none(),
        to_field_name="public_id",
        label=_("Payment method"),
        empty_label=None,
        help_text=_("If its payment is declined, the next of your payment methods is tried."),
    )
    day_cap = _cap(_("At most a day, with VAT"))
    month_cap = _cap(_("At most a month, with VAT"))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        auto: AutoRecharge | None,
        proposed: Mapping[str, Any],
        methods: Sequence[PaymentMethod],
        quantities: Sequence[int],
        prices: Mapping[int, CreditPack],
    ) -> None:
        """`quantities` are those that can be chosen, `prices` the packs of such units; `methods` those that may be charged, in order; `proposed` is what an address fills in."""
        initial: dict[str, Any] = {"revision": 0, "quantity": quantities[len(quantities) // 2]}
        if auto is not None:
            initial = {
                "revision": auto.revision,
                "threshold": auto.threshold_units,
                "quantity": auto.quantity_units,
                "method": auto.method.public_id,
                "day_cap": _euros(auto.day_cap_cents),
                "month_cap": _euros(auto.month_cap_cents),
            }
        super().__init__(data, initial=initial)
        self.initial = {**initial, **self._proposal(proposed)}
        quantity = cast(forms.TypedChoiceField, self.fields["quantity"])
        quantity.choices = [(units, _label(units, prices.get(units))) for units in quantities]
        kept = PaymentMethod.objects.filter(pk__in=[method.pk for method in methods]).order_by("position", "pk")
        cast(forms.ModelChoiceField[PaymentMethod], self.fields["method"]).queryset = kept

    def _proposal(self, proposed: Mapping[str, Any]) -> dict[str, Any]:
        """What the replay's page proposes: filled in, and saved only by whoever saves it."""
        try:
            threshold = self.fields["threshold"].clean(proposed.get("threshold", ""))
        except forms.ValidationError:
            return {}
        return {"threshold": threshold, "quantity": proposed.get("quantity", "")}

    def terms(self) -> Terms:
        """What was filled in, as the services take it."""
        cleaned = self.cleaned_data
        return Terms(
            threshold_units=cleaned["threshold"],
            quantity_units=cleaned["quantity"],
            method=cleaned["method"],
            day_cap_cents=_cents(cleaned["day_cap"]),
            month_cap_cents=_cents(cleaned["month_cap"]),
        )


class ReplayForm(forms.Form):
    """A pair to be tried out on the last 60 days; its address can be shared."""

    threshold = CreditsField(label=_("Minimum threshold"), most=MAX_THRESHOLD)
    quantity = forms.TypedChoiceField(label=_("Quantity"), coerce=int)
    days = forms.IntegerField(
        label=_("Days until the credits are there"),
        min_value=0,
        max_value=14,
        help_text=_("0 for a card. A direct debit takes about five days."),
    )
    most = forms.IntegerField(
        label=_("Recharges a month, at most"),
        min_value=1,
        max_value=60,
        help_text=_("For the recommendation."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, quantities: Sequence[int], wish: Wish) -> None:
        """`wish` is what the form begins with."""
        initial = {
            "threshold": wish.threshold_units,
            "quantity": wish.quantity_units,
            "days": wish.days,
            "most": wish.most_a_month,
        }
        super().__init__(data, initial=initial)
        quantity = cast(forms.TypedChoiceField, self.fields["quantity"])
        quantity.choices = [(units, credits(units)) for units in quantities]

    def wish(self) -> Wish:
        """What was filled in."""
        cleaned = self.cleaned_data
        return Wish(cleaned["threshold"], cleaned["quantity"], cleaned["days"], cleaned["most"])


def _label(units: int, pack: CreditPack | None) -> str:
    price = f" · {money(pack.price_cents, pack.price_list.currency)}" if pack else ""
    return f"{credits(units)}{price}"


def _euros(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents).scaleb(-2)


def _cents(euros: Decimal | None) -> int | None:
    return None if euros is None else int(euros.scaleb(2))
