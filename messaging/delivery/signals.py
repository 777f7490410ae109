"""The bells of the delivery room."""

from django.dispatch import Signal

# Rung after messages were put in the queue, or back into it; `id` is the primary key of their account.
messages_waiting = Signal()

# Rung when nothing of a campaign is left in the queue; `id` is the campaign's primary key.
messages_handed_over = Signal()

# Rung after a gateway brought a reply; `id` is the primary key of the Reply.
reply_arrived = Signal()
