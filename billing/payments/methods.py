"""What an account may pay with: adding methods and mandates, their order, and taking them away again."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from billing.payments.models import Mandate, MethodNeed, PaymentMethod
from portal.accounts.models import Account
from portal.accounts.signals import account_changed
from portal.audit import services as audit
from portal.bells import ring
from portal.transactions import unit_of_work


class MethodNeeded(Exception):
    """Something that pays by itself needs this method, and no other would do; `by` says what."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


@dataclass(frozen=True, slots=True)
class Consent:
    """How somebody agreed to be debited: whose bank account, the text they read, and the address they came from."""

    holder: str
    iban_ending: str
    text: str
    address: str


@unit_of_work
def add_method(
    *,
    account: Account,
    provider: str,
    token: str,
    label: str,
    expires_on: date | None,
    actor_id: int,
    now: datetime,
    kind: str = PaymentMethod.Kind.CARD,
) -> PaymentMethod:
    """Keep the provider's token of a way to pay, last in the account's order."""
    _queue(account)
    last = PaymentMethod.objects.kept().filter(account=account).order_by().aggregate(last=Max("position"))["last"]
    method = PaymentMethod.objects.create(
        account=account,
        kind=kind,
        position=(last or 0) + 1,
        provider=provider,
        token=token,
        label=label,
        expires_on=expires_on,
        created_by_id=actor_id,
        created_at=now,
    )
    _record("payment_method.added", method, actor_id, now)
    ring(account_changed, account.pk)
    return method


@unit_of_work
def bank_transfer(*, account: Account, label: str, actor_id: int, now: datetime) -> PaymentMethod:
    """The account's way to pay by bank transfer, kept from the first time it is chosen: nothing has to be set up."""
    _queue(account)
    kind = PaymentMethod.Kind.BANK_TRANSFER
    known = PaymentMethod.objects.kept().filter(account=account, kind=kind).first()
    return known or add_method(
        account=account,
        provider="bank",
        token="",
        label=label,
        expires_on=None,
        actor_id=actor_id,
        now=now,
        kind=kind,
    )


@unit_of_work
def add_debit(
    *, account: Account, provider: str, token: str, label: str, consent: Consent, actor_id: int, now: datetime
) -> PaymentMethod:
    """Keep a bank account that may be debited, and the consent; the mandate counts once the bank has validated it."""
    method = add_method(
        account=account,
        provider=provider,
        token=token,
        label=label,
        expires_on=None,
        kind=PaymentMethod.Kind.SEPA,
        actor_id=actor_id,
        now=now,
    )
    mandate = Mandate.objects.create(
        method=method,
        reference=f"SALDO-{secrets.token_hex(8).upper()}",
        holder=consent.holder,
        iban_ending=consent.iban_ending,
        text=consent.text,
        accepted_at=now,
        accepted_from=consent.address,
        accepted_by_id=actor_id,
    )
    _record("mandate.given", method, actor_id, now, {"reference": mandate.reference, "address": consent.address})
    return method


@unit_of_work
def note_mandate(*, mandate: Mandate, state: str, actor_id: int | None, now: datetime) -> bool:
    """Note what became of a mandate; what has ended stays ended. False when nothing changed."""
    mandates = Mandate.objects.filter(pk=mandate.pk)
    if state == Mandate.State.VALID:
        changed = mandates.filter(state=Mandate.State.PENDING).update(state=state, validated_at=now)
    elif state in (Mandate.State.REVOKED, Mandate.State.EXPIRED):
        changed = mandates.filter(ended_at=None).update(state=state, ended_at=now)
    else:
        changed = 0
    if changed:
        _record(f"mandate.{state}", mandate.method, actor_id, now, {"reference": mandate.reference})
        ring(account_changed, mandate.method.account_id)
    return bool(changed)


@unit_of_work
def remove_method(*, method: PaymentMethod, actor_id: int, now: datetime) -> None:
    """Use this method no more; its mandate is revoked, and payments made with it keep pointing at it.

    Raises `MethodNeeded`. Repeating changes nothing.
    """
    _queue(method.account)
    kept = PaymentMethod.objects.kept().filter(pk=method.pk)
    if not kept.exists():
        return
    others = PaymentMethod.objects.usable(now.date()).filter(account=method.account_id).exclude(pk=method.pk)
    for need in MethodNeed.objects.filter(account=method.account_id):
        # What could not pay anyway is missed by nobody.
        if _would_do(method, need) and not any(_would_do(other, need) for other in others):
            raise MethodNeeded(need.by)
    kept.update(removed_at=now)
    mandate = Mandate.objects.filter(method=method).first()
    if mandate:
        note_mandate(mandate=mandate, state=Mandate.State.REVOKED, actor_id=actor_id, now=now)
    _record("payment_method.removed", method, actor_id, now)


@unit_of_work
def put_first(*, method: PaymentMethod, actor_id: int, now: datetime) -> None:
    """Pay with `method` first; the others keep their order behind it, the next of them as the backup."""
    _queue(method.account)
    kept = list(PaymentMethod.objects.kept().filter(account=method.account_id).select_for_update())
    first = [each for each in kept if each.pk == method.pk]
    if not first or kept[0].pk == method.pk:
        return
    rest = [each for each in kept if each.pk != method.pk]
    for position, each in enumerate(first + rest, start=1):
        each.position = position
    PaymentMethod.objects.bulk_update(kept, ["position"])
    _record("payment_method.put_first", method, actor_id, now)


@unit_of_work
def need(*, account: Account, by: str, kinds: Sequence[str] = ()) -> None:
    """Say that `by` pays by itself from now on, with a method of one of `kinds` (none: any). Twice is once."""
    _queue(account)
    MethodNeed.objects.update_or_create(by=by, defaults={"account": account, "kinds": list(kinds)})


@unit_of_work
def restate_needs(*, prefix: str, kinds: Sequence[str]) -> int:
    """Say for all whose name begins with `prefix` that they need a method of one of `kinds`; return how many said otherwise."""
    said_otherwise = MethodNeed.objects.filter(by__startswith=prefix).exclude(kinds=list(kinds))
    return said_otherwise.update(kinds=list(kinds))


@unit_of_work
def need_no_more(*, by: str) -> None:
    """Say that `by` does not pay by itself any more."""
    MethodNeed.objects.filter(by=by).delete()


def _queue(account: Account) -> None:
    """Whoever changes the methods of an account waits here for the one before."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)


def _would_do(method: PaymentMethod, need: MethodNeed) -> bool:
    return not need.kinds or method.kind in need.kinds


def _record(
    action: str, method: PaymentMethod, actor_id: int | None, now: datetime, more: dict[str, str] | None = None
) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=method.account_id,
        subject=f"payment_method:{method.public_id}",
        after={"label": method.label, **(more or {})},
        now=now,
    )
