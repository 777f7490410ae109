"""The bell of the campaigns room."""

from django.dispatch import Signal

# Rung when a draft's quote is to be made, or its campaign to be prepared; `id` is the draft's primary key.
draft_waiting = Signal()
