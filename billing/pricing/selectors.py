"""Questions about prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from billing.pricing.codes import Service
from billing.pricing.models import CreditPack, PriceAgreement, PriceList, Rate
from billing.pricing.quote import RateEntry, RateTable
from portal.accounts.models import Account
from portal.periods import valid_at


@dataclass(frozen=True, slots=True)
class PublicList:
    """A price list that everybody may see, and what it sells, the cheapest pack first."""

    price_list: PriceList
    packs: tuple[CreditPack, ...]


def packs(account: Account, now: datetime) -> list[CreditPack]:
    """What `account` can buy at `now`, the cheapest pack first: from the list agreed with its customer, else the default.

    An agreed list that is not valid at `now` counts as none.
    """
    for_sale = _packs_at(now)
    agreement = PriceAgreement.objects.filter(account_id=account.customer_id)
    agreed = list(for_sale.filter(price_list__in=agreement.values("price_list")))
    return agreed or list(for_sale.filter(price_list__is_default=True))


def priced(account: Account, units: int, now: datetime) -> CreditPack | None:
    """A pack of any number of `units`, not stored, as `account` would buy it; None where nothing is for sale.

    A credit costs what it costs in the largest pack that is not larger (or in the smallest there is), and all together
    never more than the next larger pack. Half a cent is rounded up.
    """
    return price_in(packs(account, now), units)


def price_in(for_sale: Sequence[CreditPack], units: int) -> CreditPack | None:
    """A pack of `units`, as `priced` says, where these packs are for sale."""
    if not for_sale:
        return None
    smaller = [pack for pack in for_sale if pack.credits <= units]
    tier = max(smaller, default=min(for_sale, key=_size), key=_size)
    cents = (2 * tier.price_cents * units + tier.credits) // (2 * tier.credits)
    dearest = min((pack.price_cents for pack in for_sale if pack.credits >= units), default=cents)
    return CreditPack(price_list=tier.price_list, credits=units, price_cents=max(1, min(cents, dearest)))


def _size(pack: CreditPack) -> int:
    return pack.credits


def public_lists(now: datetime) -> list[PublicList]:
    """The price lists shown to everybody at `now`, the default one first; a list without packs is left out."""
    shown: dict[PriceList, list[CreditPack]] = {}
    ordered = _packs_at(now).filter(price_list__is_public=True)
    for pack in ordered.order_by("-price_list__is_default", "price_list__code", "price_cents", "pk"):
        shown.setdefault(pack.price_list, []).append(pack)
    return [PublicList(price_list, tuple(packs)) for price_list, packs in shown.items()]


def rates(service: Service, now: datetime) -> RateTable:
    """What one unit of `service` costs at `now`, for every destination it is sold to."""
    rows = Rate.objects.filter(valid_at(now), service=service).values_list("prefix", "country_names", "units")
    return RateTable({row[0]: RateEntry(*row) for row in rows})


def _packs_at(now: datetime) -> QuerySet[CreditPack]:
    for_sale = CreditPack.objects.filter(valid_at(now), valid_at(now, "price_list__"))
    return for_sale.select_related("price_list").order_by("price_cents", "pk")
