"""Quantities as operators write them (`8k`, `400ms`, `$50`, `30%`) and the exact numbers they mean."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

_NUMBER = r"(?P<number>[+-]?\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_WRITTEN = re.compile(rf"(?P<dollar>\$)?\s?{_NUMBER}\s?(?P<unit>[a-zA-Z%]*)")
_SCALES = {"k": Decimal(1_000), "M": Decimal(1_000_000)}
_SECONDS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3_600),
    "d": Decimal(86_400),
    "w": Decimal(604_800),
}


class Kind(StrEnum):
    """What a fact or a setting measures, which fixes how it is written and compared."""

    TEXT = "text"
    BOOLEAN = "boolean"
    LIST = "list"
    COUNT = "count"
    NUMBER = "number"
    SHARE = "share"
    MONEY = "money"
    DURATION = "duration"

    @property
    def is_numeric(self) -> bool:
        """Whether it is compared with `gt`, `gte`, `lt`, `lte`."""
        return self not in (Kind.TEXT, Kind.BOOLEAN, Kind.LIST)


class QuantityError(ValueError):
    """
    A written quantity that does not mean what its place needs.

    Attributes:
        reason: what is wrong, for the author.
        help: what to write instead, or None.
    """

    def __init__(self, reason: str, help: str | None = None) -> None:
        self.reason = reason
        self.help = help
        super().__init__(reason)


def parse_quantity(written: object, kind: Kind) -> Decimal:
    """
    The exact value of a quantity of a given kind: seconds for durations, USD for money, shares of 1 for shares.

    Raises:
        QuantityError: it is no quantity, its unit belongs to another kind, or a unit is missing.
    """
    if type(written) is int:  # most are
        return _without_unit(Decimal(written), kind, str(written))
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        shown = str(written).lower() if isinstance(written, bool) else written
        raise QuantityError(f"`{shown}` is not a quantity", _EXAMPLES.get(kind))
    if not isinstance(written, str):
        return _without_unit(Decimal(repr(written)), kind, str(written))
    match = _WRITTEN.fullmatch(written.strip())
    if match is None:
        raise QuantityError(f"`{written}` is not a quantity", _EXAMPLES.get(kind))
    number = Decimal(match["number"])
    if match["dollar"]:
        return _money(number, match["unit"], kind, written)
    if not match["unit"]:
        return _without_unit(number, kind, written)
    return _with_unit(number, match["unit"], kind, written)


def parse_rate(written: object) -> tuple[Decimal, Decimal]:
    """
    The amount in USD and the period in seconds of a spending rate such as `$5/day`.

    Raises:
        QuantityError: it is not written like that.
    """
    amount, slash, period = str(written).partition("/")
    seconds = WINDOWS.get(period.strip())
    if not slash or seconds is None:
        raise QuantityError(f"`{written}` is not a spending rate", "write an amount per period, such as `$5/day`")
    return parse_quantity(amount.strip(), Kind.MONEY), seconds


WINDOWS = {
    "minute": _SECONDS["m"],
    "hour": _SECONDS["h"],
    "day": _SECONDS["d"],
    "week": _SECONDS["w"],
    "month": Decimal(30) * _SECONDS["d"],
}
"""Length in seconds of the named windows; a month counts as 30 days where no calendar is involved."""

_EXAMPLES = {
    Kind.COUNT: "write a count such as `800` or `8k`",
    Kind.NUMBER: "write a number such as `0.6`",
    Kind.SHARE: "write a share such as `0.95` or `95%`",
    Kind.MONEY: "write an amount such as `$0.05`",
    Kind.DURATION: "write a duration such as `400ms`, `30s` or `7d`",
}


def _without_unit(number: Decimal, kind: Kind, written: str) -> Decimal:
    if kind is Kind.DURATION and number != 0:
        raise QuantityError(f"duration `{written}` has no unit", f"write `{written}s`, or one of ms, s, m, h, d, w")
    if kind is Kind.SHARE and number > 1:
        raise QuantityError(f"share `{written}` is above 1", f"write `{written}%` if you mean per cent")
    return number


def _money(number: Decimal, unit: str, kind: Kind, written: str) -> Decimal:
    if kind is not Kind.MONEY:
        raise QuantityError(f"`{written}` is money, but {_word(kind)} is wanted here", _EXAMPLES.get(kind))
    if unit and unit not in _SCALES:
        raise QuantityError(f"`{written}` is not an amount of money", _EXAMPLES[Kind.MONEY])
    return number * _SCALES.get(unit, Decimal(1))


def _with_unit(number: Decimal, unit: str, kind: Kind, written: str) -> Decimal:
    if unit == "%" and kind is Kind.SHARE:
        return number / 100
    if unit in _SECONDS and kind is Kind.DURATION:
        return number * _SECONDS[unit]
    if unit in _SCALES and kind in (Kind.COUNT, Kind.NUMBER, Kind.MONEY):
        return number * _SCALES[unit]
    if unit != "%" and unit not in _SECONDS and unit not in _SCALES:
        raise QuantityError(f"unknown unit `{unit}` in `{written}`", _EXAMPLES.get(kind))
    raise QuantityError(f"`{written}` has the unit of another kind, {_word(kind)} is wanted here", _EXAMPLES.get(kind))


def _word(kind: Kind) -> str:
    return "an amount of money" if kind is Kind.MONEY else f"a {kind}"
