"""The vault: what is owed, what is paid, what is invoiced."""
