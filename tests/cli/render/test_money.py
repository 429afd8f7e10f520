"""Amounts of money."""

from decimal import Decimal

import pytest

from policy_engine.cli.render.money import decimals_for, decimals_for_sum, dollars


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0"),
        ("12.5", "$12.50"),
        ("1234.567", "$1,234.57"),
        ("0.0012", "$0.0012"),
        ("0.000014", "$0.000014"),
        ("0.0000001", "<$0.000001"),
        ("-0.5", "-$0.50"),
    ],
)
def test_one_amount_has_the_digits_that_tell(amount: str, text: str) -> None:
    """An amount shows two digits that are not zero, and says where it is less than can be shown."""
    assert dollars(Decimal(amount)) == text


def test_a_price_nobody_knows_is_a_question_mark() -> None:
    """None is not zero."""
    assert dollars(None) == "?"


def test_a_column_has_one_number_of_decimals() -> None:
    """A column of single costs shows its smallest, one of sums its largest to four digits; what is less says so."""
    column = [Decimal("0.25"), Decimal("0.0012"), None, Decimal(0)]

    assert [dollars(amount, decimals_for(column)) for amount in column] == ["$0.2500", "$0.0012", "?", "$0"]
    assert decimals_for_sum([Decimal("19.93"), Decimal("0.0001")]) == 2
    assert dollars(Decimal("0.0001"), 2) == "<$0.01"
    assert decimals_for([]) == decimals_for_sum([]) == 2
