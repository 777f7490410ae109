"""Questions to the ledger."""

from dataclasses import dataclass

from django.db import connection

from billing.ledger.models import Account, Transfer


def find(reference: str) -> Transfer | None:
    """The transfer with this reference, or None."""
    return Transfer.objects.filter(reference=reference).first()


def is_known(reference: str) -> bool:
    """Whether there is a transfer with this reference; asked before every movement, and so written out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM ledger_transfer WHERE reference = %s)", [reference])
        [known] = cursor.fetchone()
    return bool(known)


def is_low(account_id: int) -> bool:
    """Whether what is available in the account is at or below its mark (`Account.low_mark`)."""
    return Account.objects.filter(pk=account_id, is_low=True).exists()


@dataclass(frozen=True, slots=True)
class Difference:
    """A counter that does not say what the transfers say, in units."""

    account_id: int
    counter: str
    stored: int
    replayed: int


REPLAY = """
    WITH moved AS (
        SELECT debit_account_id AS account_id, amount AS debit, 0::bigint AS credit, 0::bigint AS debit_held,
               0::bigint AS credit_held
          FROM ledger_transfer WHERE phase IN ('single', 'post')
        UNION ALL
        SELECT credit_account_id, 0, amount, 0, 0 FROM ledger_transfer WHERE phase IN ('single', 'post')
        UNION ALL
        SELECT hold.debit_account_id, 0, 0, hold.amount, 0 FROM ledger_transfer hold
         WHERE hold.phase = 'hold' AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.hold_id = hold.id)
        UNION ALL
        SELECT hold.credit_account_id, 0, 0, 0, hold.amount FROM ledger_transfer hold
         WHERE hold.phase = 'hold' AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.hold_id = hold.id)
    ), replayed AS (
        SELECT account_id, sum(debit) AS debits_posted, sum(credit) AS credits_posted,
               sum(debit_held) AS debits_pending, sum(credit_held) AS credits_pending
          FROM moved GROUP BY account_id
    )
    SELECT account.id, counter.name, counter.stored, counter.replayed::bigint
      FROM ledger_account account
      LEFT JOIN replayed ON replayed.account_id = account.id
     CROSS JOIN LATERAL (VALUES
        ('debits_posted', account.debits_posted, coalesce(replayed.debits_posted, 0)),
        ('credits_posted', account.credits_posted, coalesce(replayed.credits_posted, 0)),
        ('debits_pending', account.debits_pending, coalesce(replayed.debits_pending, 0)),
        ('credits_pending', account.credits_pending, coalesce(replayed.credits_pending, 0))
     ) AS counter(name, stored, replayed)
     WHERE counter.stored <> counter.replayed
     ORDER BY account.id, counter.name
"""

# The balance written on each entry must be the sum of the entries up to it.
RUNNING = """
    WITH entry AS (
        SELECT id, debit_account_id AS account_id, debit_balance AS balance,
               CASE WHEN phase IN ('single', 'post') THEN -amount ELSE 0 END AS change FROM ledger_transfer
        UNION ALL
        SELECT id, credit_account_id, credit_balance,
               CASE WHEN phase IN ('single', 'post') THEN amount ELSE 0 END FROM ledger_transfer
    ), replayed AS (
        SELECT id, account_id, balance,
               (sum(change) OVER (PARTITION BY account_id ORDER BY id))::bigint AS replayed FROM entry
    )
    SELECT account_id, 'balance of transfer ' || id, balance, replayed FROM replayed WHERE balance <> replayed
     ORDER BY id
"""

# What a foreign key would say: a transfer stands between two accounts that exist.
NOWHERE = """
    SELECT side.account_id, 'no such account', 0, count(*)
      FROM ledger_transfer t
     CROSS JOIN LATERAL (VALUES (t.debit_account_id), (t.credit_account_id)) AS side(account_id)
     WHERE NOT EXISTS (SELECT 1 FROM ledger_account a WHERE a.id = side.account_id)
     GROUP BY side.account_id ORDER BY side.account_id
"""


def differences() -> list[Difference]:
    """Replay every transfer and return where a counter or a running balance disagrees; empty when all is well."""
    with connection.cursor() as cursor:
        # One statement, so that all is compared at one moment.
        cursor.execute(" UNION ALL ".join(f"({query})" for query in (REPLAY, RUNNING, NOWHERE)))
        return [Difference(*row) for row in cursor.fetchall()]
