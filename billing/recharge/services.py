"""Buying credits by hand: one purchase, one charge, one credit, one invoice, whatever is lost or repeated."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from billing.credits import selectors as credits_selectors
from billing.invoices import selectors as invoices_selectors
from billing.invoices import vat
from billing.invoices.buyers import Buyer, copied
from billing.payments import services as payments
from billing.payments.models import Attempt, PaymentMethod
from billing.payments.providers.base import Answer, Outcome
from billing.payments.reasons import Reason
from billing.pricing.models import CreditPack
from billing.recharge import provisional, telling
from billing.recharge.models import Recharge
from billing.recharge.provisional import ProvisionalLimitReached
from billing.recharge.settlement import conclude
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.notices.codes import Stage
from portal.transactions import unit_of_work

Origin = Recharge.Origin


__all__ = [
    "Cost",
    "DrawsOnAnother",
    "Origin",
    "ProvisionalLimitReached",
    "RechargeAlreadyOpen",
    "StillPossible",
    "buy",
    "conclude",
    "cost",
    "give_up",
    "order",
    "page_url",
    "pursue",
    "queue",
    "settle_contradiction",
]


class RechargeAlreadyOpen(Exception):
    """Another recharge of this account still waits for its payment."""


class StillPossible(Exception):
    """The payment may still turn out charged: the provider has not said that it knows of none."""


class DrawsOnAnother(Exception):
    """The account spends another's credits: what it bought would lie in a wallet it does not spend from."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pack costs this account: cents without VAT, of VAT, and together, why that VAT, and whom it is agreed with."""

    net_cents: int
    vat_cents: int
    gross_cents: int
    assessment: vat.Assessment
    buyer: Buyer


def cost(*, account: Account, pack: CreditPack) -> Cost:
    """Price `pack` for `account`. Raises `invoices.BillingDetailsMissing` when nobody can be invoiced."""
    details = invoices_selectors.billing_details(account)
    assessment = invoices_selectors.assessed(details)
    vat_cents = vat.vat_cents(pack.price_cents, assessment.rate)
    return Cost(pack.price_cents, vat_cents, pack.price_cents + vat_cents, assessment, copied(details))


def buy(
    *,
    account: Account,
    pack: CreditPack,
    method: PaymentMethod,
    reference: UUID,
    actor_id: int | None,
    now: datetime,
    origin: Origin = Origin.MANUAL,
) -> Recharge:
    """Buy `pack` and ask for the money at once; an automatic purchase has nobody before the screen (off session).

    `reference` is the buyer's idempotency key: with the same one the first purchase is returned. The recharge comes
    back paid, failed, or waiting: the outcome is not known yet, the bank takes days, or the customer has to confirm
    (`selectors.progress` says which). Raises `RechargeAlreadyOpen`, `DrawsOnAnother`,
    `payments.MethodNotUsable`, `invoices.BillingDetailsMissing`.
    """
    recharge = _open(
        account=account,
        pack=pack,
        method=method,
        reference=reference,
        actor_id=actor_id,
        now=now,
        origin=Origin(origin),
    )
    return pursue(recharge=recharge, now=now)


def pursue(*, recharge: Recharge, now: datetime, at_once: bool = False) -> Recharge:
    """Ask what became of the payment, if it is time to, and conclude; safe to call at any time, by anybody.

    `at_once` looks it up although it is not time to: somebody has just confirmed it, or is asking.
    """
    attempt = Attempt.objects.unresolved().filter(payment_id=recharge.payment_id).first()
    if attempt is None:
        return recharge
    if payments.claim(attempt=attempt, now=now):
        answer = payments.ask(attempt=attempt, now=now, return_url=page_url(recharge))
    elif at_once:
        answer = payments.look_up(attempt=attempt, now=now)
    else:
        return recharge
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)


@unit_of_work
def give_up(*, recharge: Recharge, actor_id: int, now: datetime) -> Recharge:
    """Take an unknown payment for not charged: staff's last step, once the provider said that it has no such charge.

    Should the money turn up after all, its credits still come. Raises `StillPossible`.
    """
    attempt = _last_try(recharge)
    if not payments.is_lost(attempt):
        raise StillPossible
    audit.record(
        action="recharge.given_up",
        actor_id=actor_id,
        account_id=recharge.account_id,
        subject=f"recharge:{recharge.public_id}",
        now=now,
    )
    answer = Answer(Outcome.DECLINED, reason=Reason.UNRESOLVED)
    given_up = conclude(recharge=recharge, attempt=attempt, answer=answer, now=now, actor_id=actor_id)
    given_up.given_up_at = now
    given_up.save(update_fields=["given_up_at"])
    return given_up


@unit_of_work
def settle_contradiction(*, recharge: Recharge, actor_id: int, now: datetime) -> Recharge:
    """Note that staff have seen to what the provider said and cannot be: what it charged wrongly is given back there.

    A try that was open ends with it, unpaid, and the customer can buy again. Should the provider say it again, it is
    shown again. Twice is once.
    """
    attempt = _last_try(recharge)
    if not attempt.contradiction:
        return recharge
    audit.record(
        action="recharge.contradiction_settled",
        actor_id=actor_id,
        account_id=recharge.account_id,
        subject=f"recharge:{recharge.public_id}",
        after={"contradiction": attempt.contradiction},
        now=now,
    )
    Attempt.objects.filter(pk=attempt.pk).update(contradiction="")
    if attempt.state not in Attempt.OPEN:
        return recharge
    answer = Answer(Outcome.DECLINED, reason=Reason.CONTRADICTED)
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now, actor_id=actor_id)


def _last_try(recharge: Recharge) -> Attempt:
    """The last try to get the money, its rows taken in the order of whoever concludes."""
    Recharge.objects.select_for_update(of=("self",)).get(pk=recharge.pk)
    return Attempt.objects.select_for_update().filter(payment_id=recharge.payment_id).latest("pk")


def page_url(recharge: Recharge) -> str:
    """The recharge's page as an address that can be called from outside: where a bank sends a customer back to."""
    return settings.SITE_URL + reverse("recharge", args=[recharge.account.public_id, recharge.public_id])


@unit_of_work
def _open(
    *,
    account: Account,
    pack: CreditPack,
    method: PaymentMethod,
    reference: UUID,
    actor_id: int | None,
    now: datetime,
    origin: Origin = Origin.MANUAL,
) -> Recharge:
    # The wallet's account row is the queue for purchases: of two clicks the second waits here and finds the first.
    queue(account)
    known = Recharge.objects.filter(account=account, reference=reference).first()
    if known:
        return known
    _check_free(account)
    price = cost(account=account, pack=pack)
    provisional.check(account=account, method=method, cents=price.gross_cents, now=now)
    attempt = payments.request(
        account=account,
        method=method,
        amount_cents=price.gross_cents,
        currency=pack.price_list.currency,
        reference=f"recharge:{account.public_id}:{reference}",
        is_off_session=origin == Origin.AUTOMATIC,
        now=now,
    )
    recharge = Recharge.objects.create(
        account=account,
        origin=origin,
        reference=reference,
        payment=attempt.payment,
        created_by_id=actor_id,
        created_at=now,
        **_frozen(pack, price),
    )
    if method.kind == PaymentMethod.Kind.BANK_TRANSFER:
        telling.of_transfer(recharge, attempt, Stage.WAITING, now)
    return recharge


def _check_free(account: Account) -> None:
    """Raise what stands in the way of a purchase, whatever is bought."""
    if Recharge.objects.waiting().filter(account=account).exists():
        raise RechargeAlreadyOpen
    if credits_selectors.draws_on(account):
        raise DrawsOnAnother


def queue(account: Account) -> None:
    """Wait until the end of the transaction of whoever buys for this account, and then hold the place.

    The customer's row is taken along, because the limit of provisional credits is the whole customer's.
    """
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in={account.pk, account.customer_id})
    list(rows.order_by("pk"))


# The first half of `buy`, for who decides to buy in the same transaction; `pursue` is the second.
order = _open


def _frozen(pack: CreditPack, price: Cost) -> dict[str, Any]:
    """What is bought and what it costs, as it is now: whatever changes later, this was agreed."""
    return {
        "credits_units": pack.credits,
        "price_list_name": pack.price_list.name,
        "net_cents": price.net_cents,
        "vat_cents": price.vat_cents,
        "gross_cents": price.gross_cents,
        "currency": pack.price_list.currency,
        "vat_treatment": price.assessment.treatment.value,
        "vat_rate": price.assessment.rate,
        "buyer": price.buyer,
        "credits_expire_after_months": pack.price_list.credits_expire_after_months,
    }
