"""What happens in the other rooms reaches the people it concerns, in the same transaction."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import translation

from billing.invoices import selectors as invoices_selectors
from billing.invoices import services as invoices
from billing.payments import services as payments
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from messaging.senders import services as senders
from portal.accounts.models import Account, User
from portal.notices import wording
from portal.notices.codes import Kind
from portal.notices.models import Notice

Buy = Callable[..., Recharge]


@pytest.fixture
def buy(prices: None, acme: Account, alice: User, now: datetime) -> Buy:
    """Alice buys the smallest pack with a card that behaves as its token says."""

    def purchase(token: str, **more: Any) -> Recharge:
        method = payments.add_method(
            account=acme, provider="sandbox", token=token, label="Card", expires_on=None, actor_id=alice.pk, now=now
        )
        pack = pricing_selectors.packs(acme, now)[0]
        given = {"reference": uuid.uuid4(), "actor_id": alice.pk, "now": now, **more}
        return recharges.buy(account=acme, pack=pack, method=method, **given)

    return purchase


def told() -> list[tuple[str, str]]:
    return list(Notice.objects.order_by("pk").values_list("kind", "user__email"))


def test_a_paid_recharge_is_one_letter_invoice_included(buy: Buy, alice: User) -> None:
    recharge = buy(sandbox.SUCCEEDS)

    assert recharge.invoice is not None
    assert told() == [(Kind.RECHARGE_PAID, alice.email)]
    assert wording.path(Notice.objects.get()).endswith(f"/recharges/{recharge.public_id}/")


def test_concluding_again_tells_nobody_again(buy: Buy, now: datetime) -> None:
    recharges.pursue(recharge=buy(sandbox.SUCCEEDS), now=now)

    assert Notice.objects.count() == 1


def test_a_failed_recharge_says_why(buy: Buy, alice: User) -> None:
    buy(sandbox.DECLINED)

    assert told() == [(Kind.RECHARGE_FAILED, alice.email)]
    assert any("declined the card" in sentence for sentence in wording.words(Notice.objects.get()).sentences)


@pytest.mark.parametrize(
    ("token", "kind", "said"),
    [
        (sandbox.SUCCEEDS, Kind.RECHARGE_PAID, "were added to Acme automatically"),
        (sandbox.DECLINED, Kind.RECHARGE_FAILED, "The automatic payment of"),
    ],
)
def test_what_was_bought_automatically_is_told_as_such_in_every_language(
    buy: Buy, alice: User, token: str, kind: Kind, said: str
) -> None:
    buy(token, origin=recharges.Origin.AUTOMATIC)
    assert told() == [(kind, alice.email)]
    notice = Notice.objects.get()
    texts = set()
    for language in ("en-gb", "it", "fr"):
        with translation.override(language):
            texts.add(wording.words(notice).sentences)
    assert len(texts) == 3
    assert any(said in sentences[0] for sentences in texts)


def test_an_invoice_that_is_not_paid_yet_is_announced(acme: Account, alice: User, now: datetime) -> None:
    invoices.issue(
        account=acme,
        line=invoices.Line(1_000_000, 420),
        assessment=invoices_selectors.assessment(acme),
        paid_at=None,
        payment_reference="RF18",
        reference="test:1",
        actor_id=None,
        now=now,
    )

    assert told() == [(Kind.INVOICE_ISSUED, alice.email)]
    assert "€5.12" in wording.words(Notice.objects.get()).sentences[0]


def test_a_review_of_a_sender_name_is_told_once(acme: Account, alice: User, olga: User, now: datetime) -> None:
    shop, bank = (
        senders.request(account=acme, name=name, purpose="", actor_id=alice.pk, now=now) for name in ("ACME", "Acme2")
    )
    for _ in range(2):
        senders.approve(sender=shop, actor_id=olga.pk, now=now)
    senders.refuse(sender=bank, reason="Too near to your other name.", actor_id=olga.pk, now=now)

    assert told() == [(Kind.SENDER_APPROVED, alice.email), (Kind.SENDER_REFUSED, alice.email)]
    assert "Too near to your other name." in wording.words(Notice.objects.get(kind=Kind.SENDER_REFUSED)).sentences
