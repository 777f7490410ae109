"""Questions about credits; the account comes first."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import connection
from django.db.models import F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate, TruncHour

from billing.credits.models import CreditLot, Wallet
from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.entries import Period
from billing.ledger.models import Account as LedgerAccount
from billing.ledger.models import Transfer
from portal.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Balance:
    """A wallet in units: what it holds, what is promised to sends under way, what may still be spent."""

    posted: int
    held: int
    available: int


# Every page asks this. The ORM would look for it from the other side, through two ways that may lead to a pot.
POT = """
    SELECT pot.* FROM credits_wallet wallet
      LEFT JOIN credits_wallet other ON other.id = wallet.draws_on_id
      JOIN ledger_account pot ON pot.id = coalesce(other.ledger_account_id, wallet.ledger_account_id)
     WHERE wallet.account_id = %s
"""


def pot(account: Account) -> LedgerAccount | None:
    """Where what the account can spend is kept: in its own wallet, or in the one it draws on; None before one is opened."""
    return next(iter(LedgerAccount.objects.raw(POT, [account.pk])), None)


def balance(account: Account) -> Balance:
    """What the account can spend from: its own wallet, or the one it draws on. Zero where none has been opened."""
    found = pot(account)
    if found is None:
        return Balance(0, 0, 0)
    return Balance(posted=found.posted, held=found.debits_pending, available=found.available)


def draws_on(account: Account) -> Account | None:
    """Whose credits the account spends instead of its own; None when it spends its own."""
    return Account.objects.filter(wallet__drawn_on_by__account=account).first()


@dataclass(frozen=True, slots=True)
class Expiry:
    """`units` that expire on a day, the first of them `at` a moment."""

    at: datetime
    units: int


def expiries(account: Account, now: datetime) -> list[Expiry]:
    """What expires of the credits the account spends from if nobody uses it, by the day in the active zone, soonest first.

    The moment is that of the first to expire on the day. What is lent goes back before it expires, and is left out.
    """
    spent = Q(wallet__account=account, wallet__draws_on=None) | Q(wallet__drawn_on_by__account=account)
    lots = CreditLot.objects.filter(spent, remaining__gt=0, expires_at__gt=now).exclude(returns_at__lte=F("expires_at"))
    days = lots.annotate(on=TruncDate("expires_at")).order_by("on").values_list("on")
    return [Expiry(at, int(units)) for _, at, units in days.annotate(Min("expires_at"), Sum("remaining"))]


def next_expiry(account: Account, now: datetime) -> Expiry | None:
    """What would expire next, or None when nothing does."""
    return next(iter(expiries(account, now)), None)


def wallets_with_lots_due(now: datetime) -> QuerySet[Wallet]:
    """The wallets in which something expired or is to go back by `now`, and is not held."""
    due = CreditLot.objects.due(now).order_by() | CreditLot.objects.loans_due(now).order_by()
    return Wallet.objects.filter(pk__in=due.values("wallet")).order_by("pk")


def low_wallets() -> QuerySet[Wallet]:
    """The wallets with no more to spend than somebody's level, or that draw on such a one. One look at a partial index.

    It says where to look, not that there is something to do: whoever watches compares with levels of their own.
    """
    return Wallet.objects.filter(Q(draws_on=None, ledger_account__is_low=True)) | Wallet.objects.filter(
        draws_on__ledger_account__is_low=True
    )


def uses(account: Account) -> QuerySet[Transfer]:
    """The transfers by which the account used credits, from whichever wallet they were paid, newest first."""
    used = Transfer.objects.filter(credit_account__usage_of__account=account, phase__in=[Phase.SINGLE, Phase.POST])
    return used.order_by("-pk")


def first_use(pot: LedgerAccount) -> datetime | None:
    """When credits of this pot were first used; None when none ever were."""
    return _used(pot).order_by("created_at", "id").values_list("created_at", flat=True).first()


def used_by_hour(pot: LedgerAccount, since: datetime) -> dict[datetime, int]:
    """The units of this pot that were used in each hour (in UTC) from `since` on, whichever account used them."""
    hours = _used(pot).filter(created_at__gte=since).annotate(in_hour=TruncHour("created_at", tzinfo=UTC))
    return dict(hours.order_by().values_list("in_hour").annotate(Sum("amount")))


def used_in(pot: LedgerAccount, period: Period) -> int:
    """The units of this pot that were used in the period, whichever account used them."""
    used = _used(pot)
    if period.start:
        used = used.filter(created_at__gte=period.start)
    if period.end:
        used = used.filter(created_at__lt=period.end)
    return used.aggregate(units=Sum("amount"))["units"] or 0


def _used(pot: LedgerAccount) -> QuerySet[Transfer]:
    resolved = [Phase.SINGLE, Phase.POST]
    return Transfer.objects.filter(debit_account=pot, credit_account__code=AccountCode.USAGE, phase__in=resolved)


def used_units(account: Account) -> int:
    """What the account has used since it was opened, from whichever wallet it was paid."""
    return LedgerAccount.objects.get(usage_of__account=account).credits_posted


@dataclass(frozen=True, slots=True)
class Totals:
    """The operator's side, in units: owed to customers now, and ever sold, given, used, expired."""

    owed: int
    held: int
    sold: int
    given: int
    used: int
    expired: int


def totals() -> Totals:
    """Add up all customers' wallets and the transfers behind them (the operator's own wallet left out)."""
    wallets = LedgerAccount.objects.filter(code=AccountCode.WALLET, may_overdraw=False).aggregate(
        posted=Sum(F("credits_posted") - F("debits_posted")), held=Sum("debits_pending")
    )
    sums = dict(
        Transfer.objects.filter(phase__in=[Phase.SINGLE, Phase.POST])
        .exclude(debit_account__code=AccountCode.WALLET, debit_account__may_overdraw=True)
        .order_by()
        .values_list("code")
        .annotate(Sum("amount"))
    )
    return Totals(
        owed=wallets["posted"] or 0,
        held=wallets["held"] or 0,
        sold=sums.get(TransferCode.PURCHASE, 0),
        given=sums.get(TransferCode.PROMOTION, 0),
        used=sum(sums.get(code, 0) for code in (TransferCode.CAMPAIGN, TransferCode.CALL)),
        expired=sums.get(TransferCode.EXPIRY, 0),
    )


@dataclass(frozen=True, slots=True)
class LotDifference:
    """A wallet whose lots do not add up to its ledger account, in units."""

    wallet_id: int
    what: str
    in_ledger: int
    in_lots: int


LOT_AUDIT = """
    WITH lots AS (
        SELECT wallet_id, sum(remaining)::bigint AS remaining, sum(held)::bigint AS held
          FROM credits_creditlot GROUP BY wallet_id
    )
    SELECT wallet.id, checked.what, checked.in_ledger, checked.in_lots
      FROM credits_wallet wallet
      JOIN ledger_account pot ON pot.id = wallet.ledger_account_id AND NOT pot.may_overdraw
      LEFT JOIN lots ON lots.wallet_id = wallet.id
     CROSS JOIN LATERAL (VALUES
        ('balance', pot.credits_posted - pot.debits_posted, coalesce(lots.remaining, 0)),
        ('held', pot.debits_pending, coalesce(lots.held, 0))
     ) AS checked(what, in_ledger, in_lots)
     WHERE checked.in_ledger <> checked.in_lots
     ORDER BY wallet.id
"""

# A lot's history: what was granted less what transfers took is what remains; open holds are what is held.
DRAW_AUDIT = """
    WITH drawn AS (
        SELECT draw.lot_id,
               sum(draw.amount) FILTER (WHERE t.phase <> 'hold')::bigint AS taken,
               sum(draw.amount) FILTER (WHERE t.phase = 'hold' AND r.id IS NULL)::bigint AS held
          FROM credits_lotdraw draw
          JOIN ledger_transfer t ON t.id = draw.transfer_id
          LEFT JOIN ledger_transfer r ON r.hold_id = t.id
         GROUP BY draw.lot_id
    )
    SELECT lot.wallet_id, checked.what || ' of lot ' || lot.id, checked.in_ledger, checked.in_lots
      FROM credits_creditlot lot LEFT JOIN drawn ON drawn.lot_id = lot.id
     CROSS JOIN LATERAL (VALUES
        ('rest', lot.granted - coalesce(drawn.taken, 0), lot.remaining),
        ('held', coalesce(drawn.held, 0), lot.held)
     ) AS checked(what, in_ledger, in_lots)
     WHERE checked.in_ledger <> checked.in_lots
     ORDER BY lot.id
"""


def lot_differences() -> list[LotDifference]:
    """Compare every wallet with its lots, and every lot with its draws; empty when all is well."""
    with connection.cursor() as cursor:
        found = []
        for query in (LOT_AUDIT, DRAW_AUDIT):
            cursor.execute(query)
            found += [LotDifference(*row) for row in cursor.fetchall()]
    return found
