"""Amounts of money as people read them: no more digits than tell something, as many in all of a column."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

_UNKNOWN = "?"
_FEWEST, _MOST = 2, 6


def dollars(amount: Decimal | None, decimals: int | None = None) -> str:
    """
    One amount: `$0.0012`, `$0` for nothing, `<$0.01` for what rounds to nothing, `?` for None.

    Args:
        decimals: None for as many as it takes to show two digits.
    """
    if amount is None:
        return _UNKNOWN
    if amount == 0:
        return "$0"
    if decimals is None:
        decimals = decimals_for([amount])
    least = Decimal(1).scaleb(-decimals)
    if abs(amount) < least / 2:
        return f"<${least}"
    return f"-${-amount:,.{decimals}f}" if amount < 0 else f"${amount:,.{decimals}f}"


def decimals_for(amounts: Iterable[Decimal | None]) -> int:
    """How many decimals a column needs to show two digits of its smallest amount: two to six."""
    sizes = [abs(amount) for amount in amounts if amount]
    if not sizes or min(sizes) >= 1:
        return _FEWEST
    return min(_MOST, max(_FEWEST, 1 - min(sizes).adjusted()))


def decimals_for_sum(amounts: Iterable[Decimal | None]) -> int:
    """How many decimals a column of parts needs to show four digits of the largest: two to six."""
    sizes = [abs(amount) for amount in amounts if amount]
    if not sizes:
        return _FEWEST
    return min(_MOST, max(_FEWEST, 3 - max(sizes).adjusted()))
