"""What a provider told us by webhook: found out about, and settled the same way as a reply."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from billing.payments import mandates, setups
from billing.payments import services as payments
from billing.payments.models import Attempt, ProviderEvent
from billing.payments.providers.base import Outcome
from billing.payments.providers.stripe import MANDATE_CHANGED, PAGE_COMPLETED
from billing.payments.providers.stripe_setup import NotReached, NotSetUp
from billing.recharge import services
from billing.recharge.models import Recharge

LEASE = timedelta(seconds=60)
PAUSE = timedelta(seconds=30)

State, Verdict = ProviderEvent.State, ProviderEvent.Verdict


def handle(*, event: ProviderEvent, now: datetime) -> None:
    """Deal with an event, if nobody else is at it: ask the provider what became of the charge, and settle."""
    if not ProviderEvent.objects.due(now).filter(pk=event.pk).update(handle_at=now + LEASE):
        return
    if event.kind == PAGE_COMPLETED:
        _finish_setup(event, now)
        return
    if event.kind == MANDATE_CHANGED:
        _check_mandate(event, now)
        return
    attempt = _attempt(event)
    recharge = None if attempt is None else Recharge.objects.filter(payment=attempt.payment_id).first()
    if attempt is None or recharge is None:
        _close(event, State.SET_ASIDE, Verdict.UNKNOWN_PAYMENT)
        return
    if event.amount_cents is not None and event.amount_cents != attempt.amount_cents:
        # A person looks at it. The try itself is settled by what the provider says when it is asked.
        said = f"{event.event_id}: {Decimal(event.amount_cents).scaleb(-2)}"
        Attempt.objects.filter(pk=attempt.pk).update(contradiction=said[:200])
        _close(event, State.SET_ASIDE, Verdict.CHANGED_AMOUNT)
        return
    answer = payments.look_up(attempt=attempt, now=now, reference=event.provider_reference)
    if answer.outcome == Outcome.UNKNOWN:
        ProviderEvent.objects.filter(pk=event.pk).update(handle_at=now + PAUSE)
        return
    services.conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)
    _close(event, State.DONE, Verdict.NONE)


def _finish_setup(event: ProviderEvent, now: datetime) -> None:
    """Keep the card or bank account that somebody entered on the provider's page."""
    try:
        setups.finish(session=event.provider_reference, now=now)
    except NotReached:
        ProviderEvent.objects.filter(pk=event.pk).update(handle_at=now + PAUSE)
    except NotSetUp:
        _close(event, State.SET_ASIDE, Verdict.UNKNOWN_PAYMENT)
    else:
        _close(event, State.DONE, Verdict.NONE)


def _check_mandate(event: ProviderEvent, now: datetime) -> None:
    """Ask how a mandate stands of which something has become, before it is used for the next debit."""
    mandate = mandates.named(provider=event.provider, name=event.provider_reference)
    if mandate is None:
        _close(event, State.SET_ASIDE, Verdict.UNKNOWN_PAYMENT)
    elif mandates.check(mandate=mandate, now=now):
        _close(event, State.DONE, Verdict.NONE)
    else:
        ProviderEvent.objects.filter(pk=event.pk).update(handle_at=now + PAUSE)


def _attempt(event: ProviderEvent) -> Attempt | None:
    """The try that the event is about: by our own key, or by what the provider called it in an answer."""
    mine = Attempt.objects.filter(provider=event.provider).select_related("payment")
    try:
        found = mine.filter(key=UUID(event.key)).first() if event.key else None
    except ValueError:
        found = None
    if found is None and event.provider_reference:
        found = mine.filter(provider_reference=event.provider_reference).first()
    return found


def _close(event: ProviderEvent, state: str, verdict: str) -> None:
    ProviderEvent.objects.filter(pk=event.pk).update(state=state, verdict=verdict)
