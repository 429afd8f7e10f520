"""Operators in normal form."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.compiler.operands import as_number, interval, written

NUMBERS = st.decimals(min_value=-1000, max_value=1000, places=3)
HOLDS = {
    "eq": lambda value, number: value == number,
    "lt": lambda value, number: value < number,
    "lte": lambda value, number: value <= number,
    "gt": lambda value, number: value > number,
    "gte": lambda value, number: value >= number,
}


@given(op=st.sampled_from(sorted(HOLDS)), number=NUMBERS, value=st.integers(-1001, 1001))
def test_whole_numbers_are_compared_exactly(op: str, number: Decimal, value: int) -> None:
    """A whole fact lies in the interval exactly where the operator holds."""
    low, high = interval(op, number, integral=True)

    inside = (low is None or value >= low) and (high is None or value < high)

    assert inside is HOLDS[op](Fraction(value), Fraction(number))


@given(op=st.sampled_from(sorted(HOLDS)), number=NUMBERS, value=st.floats(-1001, 1001))
def test_doubles_are_compared_as_doubles(op: str, number: Decimal, value: float) -> None:
    """A double lies in the interval exactly where the operator holds for the double nearest the bound."""
    low, high = interval(op, number, integral=False)

    inside = (low is None or value >= low) and (high is None or value < high)

    assert inside is HOLDS[op](value, float(number))


def test_numbers_are_whole_where_they_can_be() -> None:
    """A decimal without a fraction is an integer, up to where doubles are exact."""
    assert [repr(as_number(Decimal(text))) for text in ("3", "3.0", "0.1", "-2")] == ["3", "3", "0.1", "-2"]
    assert as_number(Decimal(2**53 + 1)) == float(2**53)


@pytest.mark.parametrize(
    ("operand", "text"), [("a", "a"), (True, "true"), (1.5, "1.5"), ("8k", "8k"), (("a", False), "[a, false]")]
)
def test_an_operand_is_written_as_its_author_would(operand: object, text: str) -> None:
    """Booleans are lower case, lists stand in brackets, units stay."""
    assert written(operand) == text  # type: ignore[arg-type]  # operands of every kind
