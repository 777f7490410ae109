"""A sweep reaches every row, whatever becomes of one."""

import pytest

from portal.sweeps import each


def test_a_row_that_fails_holds_up_none_behind_it_and_is_told_of() -> None:
    reached = []

    def act(row: int) -> None:
        if row == 2:
            raise ValueError("the second")
        reached.append(row)

    with pytest.raises(ExceptionGroup) as told:
        each([1, 2, 3], act)
    assert reached == [1, 3]
    assert [str(fault) for fault in told.value.exceptions] == ["the second"]


def test_a_sweep_without_a_fault_says_nothing() -> None:
    reached: list[int] = []
    each([1, 2], reached.append)
    assert reached == [1, 2]
