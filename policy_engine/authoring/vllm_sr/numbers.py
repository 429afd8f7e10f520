"""Numbers as the other router writes them: token counts with units, and what a measured value must lie in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_OPERATORS = ("gt", "gte", "lt", "lte")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a number must lie in; an end that is None is open."""

    gt: Decimal | None = None
    gte: Decimal | None = None
    lt: Decimal | None = None
    lte: Decimal | None = None

    def holds(self, value: int | Decimal) -> bool:
        """Whether a number lies in it."""
        return (
            (self.gt is None or value > self.gt)
            and (self.gte is None or value >= self.gte)
            and (self.lt is None or value < self.lt)
            and (self.lte is None or value <= self.lte)
        )

    def moved(self, offset: Decimal) -> Range:
        """The same, with all ends lower by `offset`."""
        return Range(**{name: end - offset for name, end in self._ends()})

    def divided(self, factor: Decimal) -> Range:
        """What a number must lie in so that `factor` times it, which is not zero, lies in this."""
        turned = {"gt": "lt", "gte": "lte", "lt": "gt", "lte": "gte"}
        return Range(**{name if factor > 0 else turned[name]: end / factor for name, end in self._ends()})

    def written(self) -> dict[str, int | float]:
        """As operators of a policy; empty if all ends are open."""
        return {name: plain(end) for name, end in self._ends()}

    def overlaps(self, other: Range) -> bool:
        """Whether some number may lie in both; True where in doubt."""
        return not (self._is_below(other) or other._is_below(self))

    def _is_below(self, other: Range) -> bool:
        tops = [(end, name == "lt") for name, end in self._ends() if name in ("lt", "lte")]
        bottoms = [(end, name == "gt") for name, end in other._ends() if name in ("gt", "gte")]
        return any(
            top < bottom or (top == bottom and (top_open or bottom_open))
            for top, top_open in tops
            for bottom, bottom_open in bottoms
        )

    def _ends(self) -> list[tuple[str, Decimal]]:
        ends = [(name, getattr(self, name)) for name in _OPERATORS]
        return [(name, end) for name, end in ends if end is not None]


def range_of(written: Mapping[str, Any]) -> Range:
    """The range that a mapping of operators states; other keys do not matter."""
    return Range(**{name: decimal(written[name]) for name in _OPERATORS if written.get(name) is not None})


def decimal(written: object, otherwise: str = "0") -> Decimal:
    """A number, exactly as written."""
    try:
        return Decimal(otherwise if written is None else str(written))
    except InvalidOperation:
        return Decimal(otherwise)


def plain(value: Decimal) -> int | float:
    """A number for a policy file."""
    return int(value) if value == value.to_integral_value() else float(value)


def tokens(written: object) -> int | None:
    """A count such as `16K`, `1M` or `7999`; nothing is zero, None is no count."""
    text = str("" if written is None else written).strip().upper().replace("_", "")
    factor = {"K": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    number = text[:-1] if factor > 1 else text
    try:
        return int(float(number) * factor) if number else 0
    except (ValueError, OverflowError):
        return None


def least_count(bounds: Range) -> tuple[int, int | None]:
    """The least whole number within bounds, and the least one above them (None: there is none)."""
    least = 0
    if bounds.gt is not None:
        least = max(least, math.floor(bounds.gt) + 1)
    if bounds.gte is not None:
        least = max(least, math.ceil(bounds.gte))
    ends = [math.ceil(bounds.lt)] if bounds.lt is not None else []
    ends += [math.floor(bounds.lte) + 1] if bounds.lte is not None else []
    return least, min(ends, default=None)
