"""What the tables of wallets and lots refuse, whatever a service might do."""

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from billing.credits import selectors, services
from billing.credits.models import CreditLot, LotDraw
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_lot_grants_something", {"granted": 0, "remaining": 0}),
        ("a_lot_never_holds_more_than_remains", {"held": 1_000_001}),
        ("a_lot_never_holds_more_than_remains", {"held": -1}),
        ("a_lot_never_holds_more_than_remains", {"remaining": 1_000_001}),
        ("a_lot_has_a_price_or_was_free", {"unit_price_cents": -1}),
        ("a_lot_has_a_known_origin", {"origin": "cellar"}),
    ],
)
def test_a_lot_that_cannot_be_is_refused(
    acme: Account, grant: Grant, constraint: str, change: dict[str, object]
) -> None:
    grant(acme, "100")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        CreditLot.objects.update(**change)


@pytest.fixture
def draw(acme: Account, grant: Grant, now: datetime) -> LotDraw:
    wallet = grant(acme, "100")
    services.spend(wallet=wallet, amount=7_000, cause=Cause(TransferCode.CAMPAIGN, "spend"), now=now)
    return LotDraw.objects.get()


def test_a_draw_takes_something(draw: LotDraw, acme: Account, grant: Grant) -> None:
    grant(acme, "1")
    another = CreditLot.objects.exclude(pk=draw.lot_id).get()
    with pytest.raises(IntegrityError, match="a_draw_takes_something"), transaction.atomic():
        LotDraw.objects.create(transfer=draw.transfer, lot=another, amount=0)


def test_a_transfer_draws_on_a_lot_once(draw: LotDraw) -> None:
    with pytest.raises(IntegrityError, match="a_transfer_draws_on_a_lot_once"), transaction.atomic():
        LotDraw.objects.create(transfer=draw.transfer, lot=draw.lot, amount=1)


@pytest.mark.parametrize("statement", ["UPDATE credits_lotdraw SET amount = 1", "DELETE FROM credits_lotdraw"])
def test_which_lot_paid_is_never_changed(draw: LotDraw, statement: str) -> None:
    with (
        pytest.raises(IntegrityError, match="append only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_audit_finds_a_lot_that_somebody_touched(draw: LotDraw) -> None:
    assert selectors.lot_differences() == []
    CreditLot.objects.update(remaining=993_001)
    assert [(found.what, found.in_ledger, found.in_lots) for found in selectors.lot_differences()] == [
        ("balance", 993_000, 993_001),
        (f"rest of lot {draw.lot_id}", 993_000, 993_001),
    ]
