"""The bell of the accounts room."""

from django.dispatch import Signal

# Rung after the commit of a change in how an account pays or is invoiced; `id` is the account's primary key.
account_changed = Signal()
