"""Quantities as operators write them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.model.quantity import Kind, QuantityError, parse_quantity, parse_rate

MEANT: list[tuple[Any, Kind, str]] = [
    (800, Kind.COUNT, "800"),
    ("8k", Kind.COUNT, "8000"),
    ("1.5k", Kind.COUNT, "1500"),
    ("2M", Kind.COUNT, "2000000"),
    ("1_000", Kind.COUNT, "1000"),
    ("8 k", Kind.COUNT, "8000"),
    (0.1, Kind.NUMBER, "0.1"),
    ("-3", Kind.NUMBER, "-3"),
    ("+3.25", Kind.NUMBER, "3.25"),
    ("2k", Kind.NUMBER, "2000"),
    ("30%", Kind.SHARE, "0.3"),
    ("99.95 %", Kind.SHARE, "0.9995"),
    ("120%", Kind.SHARE, "1.2"),
    (0.95, Kind.SHARE, "0.95"),
    (1, Kind.SHARE, "1"),
    ("0.95", Kind.SHARE, "0.95"),
    ("$50", Kind.MONEY, "50"),
    ("$ 0.05", Kind.MONEY, "0.05"),
    ("$1.5k", Kind.MONEY, "1500"),
    (0.15, Kind.MONEY, "0.15"),
    ("400ms", Kind.DURATION, "0.4"),
    ("30s", Kind.DURATION, "30"),
    ("5m", Kind.DURATION, "300"),
    ("1.5h", Kind.DURATION, "5400"),
    ("7d", Kind.DURATION, "604800"),
    ("2w", Kind.DURATION, "1209600"),
    (0, Kind.DURATION, "0"),
]


@pytest.mark.parametrize(("written", "kind", "number"), MEANT)
def test_a_quantity_is_an_exact_number(written: Any, kind: Kind, number: str) -> None:
    """A quantity means an exact decimal: seconds, dollars, shares of 1, plain numbers."""
    assert parse_quantity(written, kind) == Decimal(number)


MEANINGLESS: list[tuple[Any, Kind, str, str | None]] = [
    ("many", Kind.COUNT, "`many` is not a quantity", "write a count such as `800` or `8k`"),
    ("", Kind.COUNT, "`` is not a quantity", "write a count such as `800` or `8k`"),
    ("1,5", Kind.NUMBER, "`1,5` is not a quantity", "write a number such as `0.6`"),
    (True, Kind.COUNT, "`true` is not a quantity", "write a count such as `800` or `8k`"),
    ([5], Kind.BOOLEAN, "`[5]` is not a quantity", None),
    (30, Kind.DURATION, "duration `30` has no unit", "write `30s`, or one of ms, s, m, h, d, w"),
    ("30", Kind.DURATION, "duration `30` has no unit", "write `30s`, or one of ms, s, m, h, d, w"),
    (90, Kind.SHARE, "share `90` is above 1", "write `90%` if you mean per cent"),
    (
        "30%",
        Kind.COUNT,
        "`30%` has the unit of another kind, a count is wanted here",
        "write a count such as `800` or `8k`",
    ),
    (
        "5s",
        Kind.MONEY,
        "`5s` has the unit of another kind, an amount of money is wanted here",
        "write an amount such as `$0.05`",
    ),
    (
        "5k",
        Kind.DURATION,
        "`5k` has the unit of another kind, a duration is wanted here",
        "write a duration such as `400ms`, `30s` or `7d`",
    ),
    ("$5", Kind.COUNT, "`$5` is money, but a count is wanted here", "write a count such as `800` or `8k`"),
    ("$5%", Kind.MONEY, "`$5%` is not an amount of money", "write an amount such as `$0.05`"),
    ("5 parsecs", Kind.NUMBER, "unknown unit `parsecs` in `5 parsecs`", "write a number such as `0.6`"),
    ("5K", Kind.COUNT, "unknown unit `K` in `5K`", "write a count such as `800` or `8k`"),
]


@pytest.mark.parametrize(("written", "kind", "reason", "help"), MEANINGLESS)
def test_what_means_nothing_is_told_with_what_to_write(written: Any, kind: Kind, reason: str, help: str | None) -> None:
    """What is no quantity of its kind is refused, with a reason and what to write instead."""
    with pytest.raises(QuantityError) as refused:
        parse_quantity(written, kind)
    assert (refused.value.reason, refused.value.help) == (reason, help)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_what_its_author_sees(number: float) -> None:
    """A float is read as the decimal that it is written as, not as the binary fraction behind it."""
    assert parse_quantity(number, Kind.NUMBER) == Decimal(repr(number))


def test_a_rate_is_an_amount_and_a_period() -> None:
    """A spending rate is dollars per period in seconds; other texts are refused."""
    assert parse_rate("$5/day") == (Decimal(5), Decimal(86_400))
    assert parse_rate("$0.50 / hour") == (Decimal("0.50"), Decimal(3_600))
    for written in ("$5", "$5/decade", "5%/day", "day/$5"):
        with pytest.raises(QuantityError):
            parse_rate(written)
