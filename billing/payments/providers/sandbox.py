"""The sandbox: a provider without money, for the demo and the tests.

What happens is decided by the token. Its table is the far end's memory, kept apart from ours on purpose: a charge
that the far end has booked and whose reply was lost is exactly what the portal must survive. Settings refuse it in
production.
"""

import uuid
from typing import Final

from django.db import transaction

from billing.payments.models import SandboxCharge
from billing.payments.providers.base import Answer, Charge, Outcome
from billing.payments.reasons import Reason

SUCCEEDS: Final = "sandbox_succeeds"
DECLINED: Final = "sandbox_declined"
EXPIRED_CARD: Final = "sandbox_expired_card"
TIMEOUT_BEFORE: Final = "sandbox_timeout_before"
TIMEOUT_AFTER: Final = "sandbox_timeout_after"
# A bank that is not heard of for days: what was asked stays unknown.
SILENT: Final = "sandbox_silent"

_REFUSALS = {DECLINED: Reason.DECLINED, EXPIRED_CARD: Reason.EXPIRED_CARD}


class Sandbox:
    """Deterministic by token; idempotent by key, as the real ones are."""

    def charge(self, charge: Charge) -> Answer:
        with transaction.atomic():
            known, is_new = SandboxCharge.objects.select_for_update().get_or_create(
                key=charge.key, defaults={"amount_cents": charge.amount_cents, "currency": charge.currency}
            )
            if (known.amount_cents, known.currency) != (charge.amount_cents, charge.currency):
                raise ValueError("one key, two amounts")
            if charge.token == SILENT or (is_new and charge.token == TIMEOUT_BEFORE):
                return Answer(Outcome.UNKNOWN)
            if not known.outcome:
                self._book(known, charge.token)
        if is_new and charge.token == TIMEOUT_AFTER:
            return Answer(Outcome.UNKNOWN)
        return Answer(Outcome(known.outcome), known.reference, known.reason)

    def _book(self, known: SandboxCharge, token: str) -> None:
        refusal = _REFUSALS.get(token)
        known.outcome = Outcome.DECLINED if refusal else Outcome.SUCCEEDED
        known.reason = refusal or ""
        known.reference = f"sandbox_{uuid.uuid4().hex[:16]}"
        known.save()
