"""The bell of the credits room."""

from django.dispatch import Signal

# Rung after the commit of any movement of a wallet; `id` is the wallet's primary key.
wallet_changed = Signal()
