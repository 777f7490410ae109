"""Changing prices: whole files are loaded, periods close and open, nothing that was valid is forgotten."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Generic, TypeVar

from django.db.models import QuerySet
from django.utils import timezone

from billing.pricing.files import ListRow, PackRow, PriceFiles, RateRow
from billing.pricing.models import CreditPack, PriceAgreement, PriceList, Rate
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

Priced = TypeVar("Priced", CreditPack, Rate)


@dataclass(frozen=True, slots=True)
class _Sort(Generic[Priced]):
    """What packs and rates have in common: a name within all periods, and a price."""

    name: Callable[[Priced], str]
    price: Callable[[Priced], int]


class CurrencyChanged(Exception):
    """A price list keeps its currency for ever; what is sold in another one is another list."""


class NotACustomer(Exception):
    """Prices are agreed with customers; a sub-account buys as its customer does."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a load did, by name of the pack or rate ("rate:sms_segment:39"): the prices before and after, as integers.

    What only opened is missing in `before`, what only closed in `after`. "expiry:<list>" are months until credits
    bought from then on expire, missing where they never do.
    """

    before: dict[str, int]
    after: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


@unit_of_work
def load(*, files: PriceFiles, actor_id: int | None, now: datetime) -> Changes:
    """Make the prices what `files` say; a second load of the same files changes nothing.

    A price that differs closes at `now` and the new one opens then; one that is new opens on the file's day; one that
    is no longer in the file closes. Lists and services of which the files say nothing stay as they are. Raises
    `CurrencyChanged`.
    """
    changes = Changes({}, {})
    lists = _load_lists(files.price_lists, changes)
    packs = [_pack(row, lists) for row in files.packs]
    known_packs = CreditPack.objects.filter(price_list__in=lists.values()).select_related("price_list")
    _replace(packs, known_packs, _Sort(_pack_name, lambda pack: pack.price_cents), changes, now)
    rates = [_rate(row) for row in files.rates]
    known_rates = Rate.objects.filter(service__in={row.service for row in files.rates})
    _replace(rates, known_rates, _Sort(_rate_name, lambda rate: rate.units), changes, now)
    _rename(rates, known_rates)
    if changes:
        audit.record(action="prices.loaded", actor_id=actor_id, before=changes.before, after=changes.after, now=now)
    return changes


@unit_of_work
def agree(*, account: Account, price_list: PriceList, actor_id: int | None, now: datetime) -> PriceAgreement:
    """Let a customer (with its sub-accounts) buy from `price_list` from now on. Raises `NotACustomer`."""
    if account.is_subaccount:
        raise NotACustomer
    agreement = PriceAgreement.objects.select_for_update().filter(account=account).select_related("price_list").first()
    before = {"price_list": agreement.price_list.code} if agreement else {}
    if agreement is None:
        agreement = PriceAgreement(account=account)
    agreement.price_list = price_list
    agreement.save()
    audit.record(
        action="prices.agreed",
        actor_id=actor_id,
        account_id=account.pk,
        subject=f"account:{account.public_id}",
        before=before,
        after={"price_list": price_list.code},
        now=now,
    )
    return agreement


def _load_lists(rows: Iterable[ListRow], changes: Changes) -> dict[str, PriceList]:
    default = next(row.code for row in rows if row.is_default)
    # The old default gives way first: at no moment are there two.
    PriceList.objects.filter(is_default=True).exclude(code=default).update(is_default=False)
    lists = {}
    for row in rows:
        known, _ = PriceList.objects.get_or_create(
            code=row.code,
            defaults={"name": row.name, "currency": row.currency, "valid_from": _start(row.valid_from)},
        )
        if known.currency != row.currency:
            raise CurrencyChanged(row.code)
        known.name, known.is_public, known.is_default = row.name, row.is_public, row.is_default
        _set_expiry(known, row.credits_expire_after_months, changes)
        known.save(update_fields=["name", "is_public", "is_default", "credits_expire_after_months"])
        lists[row.code] = known
    return lists


def _set_expiry(price_list: PriceList, months: int | None, changes: Changes) -> None:
    """What was bought before keeps the months it was bought with."""
    name, before = f"expiry:{price_list.code}", price_list.credits_expire_after_months
    if before == months:
        return
    if before is not None:
        changes.before[name] = before
    if months is not None:
        changes.after[name] = months
    price_list.credits_expire_after_months = months


def _pack(row: PackRow, lists: Mapping[str, PriceList]) -> CreditPack:
    return CreditPack(
        price_list=lists[row.price_list],
        credits=row.credits,
        price_cents=row.price_cents,
        valid_from=_start(row.valid_from),
    )


def _rate(row: RateRow) -> Rate:
    return Rate(
        service=row.service,
        prefix=row.prefix,
        country_names=row.country_names,
        units=row.units,
        valid_from=_start(row.valid_from),
    )


def _pack_name(pack: CreditPack) -> str:
    return f"pack:{pack.price_list.code}:{pack.credits}"


def _rate_name(rate: Rate) -> str:
    return f"rate:{rate.service}:{rate.prefix}"


def _start(day: date) -> datetime:
    """A day begins at midnight where the operator is."""
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())


def _replace(
    wanted: Iterable[Priced], known: QuerySet[Priced], sort: _Sort[Priced], changes: Changes, now: datetime
) -> None:
    """Close what is not wanted any more at that price, open what is; add both to `changes`."""
    rows = list(known)
    ever = {sort.name(row) for row in rows}
    open_rows = {sort.name(row): row for row in rows if row.valid_until is None}
    opening = {sort.name(row): row for row in wanted}
    for name, row in open_rows.items():
        if name in opening and sort.price(opening[name]) == sort.price(row):
            del opening[name]
            continue
        changes.before[name] = sort.price(row)
        if name in opening:
            opening[name].valid_from = max(now, row.valid_from)
    for name, row in opening.items():
        changes.after[name] = sort.price(row)
        if name in ever:
            row.valid_from = max(now, row.valid_from)
    _close(known.filter(pk__in=[row.pk for name, row in open_rows.items() if name in changes.before]), now)
    known.bulk_create(opening.values())


def _close(rows: QuerySet[Priced], now: datetime) -> None:
    """End the periods at `now`; one that would only have begun then, or later, was never valid and goes."""
    rows.filter(valid_from__gte=now).delete()
    rows.update(valid_until=now)


def _rename(rates: Iterable[Rate], known: QuerySet[Rate]) -> None:
    """A country that is called otherwise costs the same: its period goes on under the new name."""
    names = {_rate_name(rate): rate.country_names for rate in rates}
    renamed = []
    for rate in known.filter(valid_until=None):
        name = names[_rate_name(rate)]
        if rate.country_names != name:
            rate.country_names = name
            renamed.append(rate)
    Rate.objects.bulk_update(renamed, ["country_names"])
