"""What the codes of the ledger are called on the desk."""

import re
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

COUNTERS: Final = {
    "debits_posted": gettext_lazy("Spent"),
    "credits_posted": pgettext_lazy("credits", "Received"),
    "debits_pending": gettext_lazy("Held"),
    "credits_pending": gettext_lazy("Expected"),
    "balance": gettext_lazy("Balance"),
    "held": gettext_lazy("Held"),
}
_BALANCE_OF_TRANSFER: Final = re.compile(r"balance of transfer (\d+)")
_OF_LOT: Final = re.compile(r"(rest|held) of lot (\d+)")


def counter(code: str) -> str:
    """What a difference of the ledger is about, in words."""
    if of_transfer := _BALANCE_OF_TRANSFER.fullmatch(code):
        return _("Balance after transfer %(number)s") % {"number": of_transfer[1]}
    if of_lot := _OF_LOT.fullmatch(code):
        sentence = _("Rest of lot %(number)s") if of_lot[1] == "rest" else _("Held of lot %(number)s")
        return sentence % {"number": of_lot[2]}
    return str(COUNTERS.get(code, code))
