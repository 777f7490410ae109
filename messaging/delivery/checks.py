"""Our own checks, made once more at the moment a message would leave: a send may be days older than that.

Who has asked for no more messages since gets none, and nothing goes out under a sender name that was taken back. What
is stopped here never left, so its price goes back (product 7.6).
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When

from messaging.contacts.models import OptOut
from messaging.delivery.codes import State
from messaging.delivery.models import Message
from messaging.delivery.results import ring_for
from messaging.senders.codes import State as SenderState
from messaging.senders.models import SenderName

_OPTED_OUT = Exists(OptOut.objects.filter(account=OuterRef("account"), number=OuterRef("recipient")))
_OF_THAT_NAME = SenderName.objects.filter(account=OuterRef("account"), name=OuterRef("sender"))
# A sender that is in no row is the portal's own number, which nobody can take back.
_NOT_APPROVED = Q(Exists(_OF_THAT_NAME)) & ~Q(Exists(_OF_THAT_NAME.filter(state=SenderState.APPROVED)))

STOPPED_BY = Case(
    When(_OPTED_OUT, then=Value("opted_out")),
    When(_NOT_APPROVED, then=Value("withdrawn_sender")),
    default=Value(""),
    output_field=CharField(),
)
"""Of a message of a campaign: the reason (of `reasons.py`) for which it may not leave any more; "" where it may."""


def stop(*, campaign_id: int, stopped: Collection[tuple[int, str]], now: datetime) -> None:
    """End messages (primary keys, each with its reason) that wait, in the caller's hands, and may not leave."""
    for reason in sorted({reason for _, reason in stopped}):
        messages = [message for message, why in stopped if why == reason]
        Message.objects.filter(pk__in=messages, state=State.WAITING).update(
            state=State.REFUSED, error_code=reason, due_at=None, final_at=now
        )
    ring_for([campaign_id])
