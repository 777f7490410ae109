"""What the page of prices shows: every public pack, and what a pack is worth at every destination."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel import Locale

from billing.amounts import to_credits
from billing.pricing import destinations
from billing.pricing.models import CreditPack
from billing.pricing.quote import NoRate, RateTable, messages_for
from billing.pricing.selectors import PublicList

# What every pack is compared by (product 3.2): Italy and India.
COMPARED: Final = ("39", "91")


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack as it is shown. `key` stays the same when the price changes, so an address can be shared.

    `message_counts` are the messages of one segment to the countries all packs are compared by; None without a rate.
    """

    key: str
    pack: CreditPack
    message_counts: tuple[int | None, ...]

    @property
    def whole_credits(self) -> int:
        """How many credits, for the plural."""
        return int(to_credits(self.pack.credits))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The offers of one public price list, the cheapest first, and after how many months such credits expire."""

    name: str
    offers: tuple[Offer, ...]
    expire_after_months: int | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """A country with the prefixes that cost the same: units and cents (without VAT) a segment, messages of a pack."""

    name: str
    other_names: tuple[str, ...]
    prefixes: tuple[str, ...]
    units: int
    cents: Decimal
    message_count: int


def compared(locale: Locale) -> list[str]:
    """What the countries that all packs are compared by are called in `locale`."""
    return [destinations.names(prefix, f"+{prefix}", locale)[0] for prefix in COMPARED]


def shelves(lists: Iterable[PublicList], table: RateTable) -> list[Shelf]:
    """The public lists as they are shown."""
    return [
        Shelf(
            name=str(public.price_list),
            offers=tuple(
                Offer(
                    key=f"{public.price_list.code}-{to_credits(pack.credits).normalize():f}",
                    pack=pack,
                    message_counts=tuple(_message_count(pack, prefix, table) for prefix in COMPARED),
                )
                for pack in public.packs
            ),
            expire_after_months=public.price_list.credits_expire_after_months,
        )
        for public in lists
    ]


def choose(shown: Iterable[Shelf], key: str) -> Offer | None:
    """The offer with `key`, else the first; None when nothing is for sale."""
    offers = [offer for shelf in shown for offer in shelf.offers]
    return next((offer for offer in offers if offer.key == key), offers[0] if offers else None)


def search(
    query: str, table: RateTable, pack: CreditPack, locale: Locale, locales: Iterable[Locale]
) -> list[Destination]:
    """What `pack` is worth at the destinations that `query` means, by name in `locale`."""
    groups: dict[tuple[tuple[str, ...], int], list[str]] = {}
    for entry in destinations.matching(query, table, locales):
        called = destinations.names(entry.prefix, entry.country_names, locale)
        groups.setdefault((called, entry.units), []).append(entry.prefix)
    found = [
        Destination(
            name=called[0],
            other_names=called[1:],
            prefixes=tuple(prefixes),
            units=units,
            cents=pack.unit_price_cents * to_credits(units),
            message_count=messages_for(pack.credits, units),
        )
        for (called, units), prefixes in groups.items()
    ]
    return sorted(found, key=lambda destination: (destinations.folded(destination.name), destination.prefixes))


def _message_count(pack: CreditPack, prefix: str, table: RateTable) -> int | None:
    try:
        return messages_for(pack.credits, table.find(prefix).units)
    except NoRate:
        return None
