"""Whatever is asked of the ledger in whatever order, the books agree and nothing is overdrawn."""

from datetime import UTC, datetime

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ledger import selectors, services
from billing.ledger.codes import AccountCode, TransferCode
from billing.ledger.models import Account, Transfer
from billing.ledger.services import Cause, LedgerError
from portal.accounts.models import Account as Customer

NOW = datetime(2026, 11, 20, tzinfo=UTC)
VERBS = st.sampled_from(["grant", "spend", "hold", "post", "void", "reverse"])
# Few references and few amounts, so that repetitions and conflicts are common.
STEPS = st.lists(st.tuples(VERBS, st.integers(1, 60), st.integers(0, 5), st.integers(0, 3)), max_size=25)


def act(pots: dict[AccountCode, Account], verb: str, amount: int, key: int, which: int) -> Transfer:
    wallet, usage, issue = pots[AccountCode.WALLET], pots[AccountCode.USAGE], pots[AccountCode.ISSUE]
    cause = Cause(TransferCode.CORRECTION, f"{verb}:{key}")
    if verb == "grant":
        return services.transfer(debit=issue, credit=wallet, amount=amount, cause=cause, now=NOW)
    if verb == "spend":
        return services.transfer(debit=wallet, credit=usage, amount=amount, cause=cause, now=NOW)
    if verb == "hold":
        return services.hold(debit=wallet, credit=usage, amount=amount, cause=cause, now=NOW)
    subject = Transfer.objects.filter(phase="single" if verb == "reverse" else "hold").order_by("pk")[which:].first()
    if subject is None:
        raise services.UnknownHold
    if verb == "post":
        return services.post(hold=subject, amount=amount, cause=cause, now=NOW)
    if verb == "void":
        return services.void(hold=subject, cause=cause, now=NOW)
    return services.reverse(transfer=subject, cause=cause, now=NOW)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_books_always_agree(acme: Customer, steps: list[tuple[str, int, int, int]]) -> None:
    with transaction.atomic():
        pots = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk)
        done: dict[str, int] = {}
        for verb, amount, key, which in steps:
            try:
                transfer = act(pots, verb, amount, key, which)
            except LedgerError:
                continue
            # A reference never stands for a second movement.
            assert done.setdefault(transfer.reference, transfer.pk) == transfer.pk
        assert selectors.differences() == []
        wallet = Account.objects.get(pk=pots[AccountCode.WALLET].pk)
        assert wallet.available >= 0
        assert sum(account.posted for account in Account.objects.filter(owner=acme)) == 0
        transaction.set_rollback(True)
