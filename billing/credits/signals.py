"""The bell of the credits room."""

from django.dispatch import Signal

# Rung after the commit of a movement of a wallet; `id` is the wallet's primary key. What is only spent or held rings
# where the wallet is low by then: at or below the highest level at which somebody watches it.
wallet_changed = Signal()
