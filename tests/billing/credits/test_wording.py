"""Why credits moved and by whom, in words: the same movement reads differently from its two sides."""

import pytest

from billing.credits.statement import Line
from billing.credits.wording import who, why
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from portal.accounts.models import Account, User

CODE = TransferCode


def line(code: TransferCode, change: int, *, other: str = "", actor: User | None = None) -> Line:
    transfer = Transfer(code=code, amount=abs(change), actor=actor)
    return Line(transfer, change, balance=0, other=Account(name=other) if other else None, spender=None)


@pytest.mark.parametrize(
    ("code", "coming", "leaving"),
    [
        (CODE.MOVE, "Transfer from Roma", "Transfer to Roma"),
        (CODE.RESET, "Reset of Roma", "Reset, returned to Roma"),
        (CODE.LOAN, "Loan from Roma", "Loan to Roma"),
        (CODE.LOAN_RETURN, "Loan returned by Roma", "Loan returned to Roma"),
        (CODE.CAMPAIGN, "Messages", "Messages of Roma"),
        (CODE.CALL, "Call", "Call of Roma"),
        (CODE.PURCHASE, "Purchase", "Purchase"),
    ],
)
def test_each_side_of_a_movement_names_the_other(code: TransferCode, coming: str, leaving: str) -> None:
    assert (why(line(code, 1, other="Roma")), why(line(code, -1, other="Roma"))) == (coming, leaving)
    assert why(line(code, -1)) == why(line(code, 1)) == str(code.label)


def test_who_moved_them_is_a_person_or_saldo_itself() -> None:
    assert who(line(CODE.MOVE, 1)) == "Saldo"
    assert who(line(CODE.MOVE, 1, actor=User(first_name="Alice", last_name="Cast"))) == "Alice Cast"
