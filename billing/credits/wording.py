"""Why credits moved and by whom, in the reader's language: the same words on the page, in the PDF and in Excel."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.credits.statement import Line
from billing.ledger.codes import TransferCode

Sentence = str | Promise

# Between two accounts, an entry that brings credits and one that takes them away name the other side.
COMING: Final[dict[str, Sentence]] = {
    TransferCode.MOVE: gettext_lazy("Transfer from %(account)s"),
    TransferCode.RESET: gettext_lazy("Reset of %(account)s"),
    TransferCode.LOAN: gettext_lazy("Loan from %(account)s"),
    TransferCode.LOAN_RETURN: gettext_lazy("Loan returned by %(account)s"),
}
LEAVING: Final[dict[str, Sentence]] = {
    TransferCode.MOVE: gettext_lazy("Transfer to %(account)s"),
    TransferCode.RESET: gettext_lazy("Reset, returned to %(account)s"),
    TransferCode.LOAN: gettext_lazy("Loan to %(account)s"),
    TransferCode.LOAN_RETURN: gettext_lazy("Loan returned to %(account)s"),
    TransferCode.CAMPAIGN: gettext_lazy("Messages of %(account)s"),
    TransferCode.CALL: gettext_lazy("Call of %(account)s"),
}


def why(line: Line) -> str:
    """Say why the credits moved."""
    sentences = COMING if line.change > 0 else LEAVING
    sentence = sentences.get(line.transfer.code)
    if line.other and sentence:
        return str(sentence) % {"account": line.other}
    return line.transfer.get_code_display()


def who(line: Line) -> str:
    """Say who moved them: a person, or Saldo by itself."""
    return str(line.transfer.actor) if line.transfer.actor else _("Saldo")
