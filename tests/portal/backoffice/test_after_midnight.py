"""The operator's day begins at midnight in Rome, an hour or two before it does in UTC."""

from datetime import UTC, datetime

from django.urls import reverse

from billing.invoices import selectors, services
from portal.accounts.models import Account, User
from portal.backoffice import selectors as desk
from tests.conftest import Clock, SignedIn

HALF_PAST_MIDNIGHT = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def test_all_pages_agree_on_the_day_an_invoice_is_overdue_or_too_old_to_count(
    acme: Account, olga: User, signed_in: SignedIn, clock: Clock
) -> None:
    services.issue(
        account=acme,
        line=services.Line(credits_units=1_000_000, net_cents=420),
        assessment=selectors.assessment(acme),
        paid_at=None,
        payment_reference="",
        reference="test",
        actor_id=None,
        now=datetime(2026, 12, 1, 12, tzinfo=UTC),  # due on the 31st, 30 days before the new year
    )
    clock(HALF_PAST_MIDNIGHT)
    browser = signed_in(olga)
    for address in (reverse("desk_invoices"), reverse("desk_customer", args=[acme.public_id])):
        assert "Overdue" in browser.get(address).content.decode()
    assert desk.business(HALF_PAST_MIDNIGHT).invoiced == ()
