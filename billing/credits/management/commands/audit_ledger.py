"""Replay every transfer and compare every balance and every lot."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.credits import selectors
from billing.ledger import selectors as ledger_selectors


class Command(BaseCommand):
    help = "Replays every transfer and compares every balance and lot; exits 1 and says where they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        differences = [*ledger_selectors.differences(), *selectors.lot_differences()]
        for difference in differences:
            self.stderr.write(str(difference))
        if differences:
            raise CommandError(f"The ledger differs in {len(differences)} places.")
        self.stdout.write("The ledger agrees with every transfer and every lot: difference 0.")
