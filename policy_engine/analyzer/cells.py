"""What the cells of variables stand for: classes of values that no test of a bundle tells apart."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import TypeAlias

from policy_engine.model.condition import Scalar


class Mark(Enum):
    """A cell that is no value."""

    KNOWN = "known"
    ABSENT = "absent"
    INVALID = "invalid"
    YES = "yes"
    NO = "no"
    OTHER = "other"
    """Any text but those that other cells name."""


@dataclass(frozen=True, slots=True)
class Exactly:
    """One value."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Segment:
    """Numbers with low <= number < high; an end that is None is open. Whole ones only if `integral`."""

    low: float | None
    high: float | None
    integral: bool

    @property
    def single(self) -> Scalar | None:
        """The only number in it, or None if there are several."""
        if self.low is None or self.high is None:
            return None
        following = self.low + 1 if self.integral else math.nextafter(self.low, math.inf)
        return self.low if following >= self.high else None

    def sample(self) -> float:
        """A number in it, a plain one where there is."""
        for number in (*_PLAIN, *self._near_ends()):
            if self._holds(number):
                return number
        assert self.low is not None
        return self.low

    def _holds(self, number: float) -> bool:
        return (self.low is None or number >= self.low) and (self.high is None or number < self.high)

    def _near_ends(self) -> Iterable[float]:
        if self.low is not None:
            yield from (self.low, self.low + 1)
        if self.high is not None and self.low is None:
            yield self.high - 1
        if self.high is not None and self.low is not None:
            yield (self.low + self.high) / 2


_PLAIN: tuple[float, ...] = (0, 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, standing for all at which the same time windows are open."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Positions:
    """Where a hash falls: low <= position < high, out of 2**64."""

    low: int
    high: int


Span: TypeAlias = tuple[float | None, float | None]
"""Numbers from the first to below the second; None is open."""

Cell: TypeAlias = Mark | Exactly | Segment | Moment | Positions


def spans_of(cells: Iterable[Cell]) -> list[Span]:
    """The segments among some cells as ranges (least, below), those that touch joined, in order."""
    spans: list[Span] = []
    for cell in cells:
        if isinstance(cell, Segment):
            if spans and spans[-1][1] == cell.low:
                spans[-1] = (spans[-1][0], cell.high)
            else:
                spans.append((cell.low, cell.high))
    return spans


def segments(bounds: Iterable[float], *, least: int | None, integral: bool) -> list[Segment]:
    """The number line cut at bounds; what lies below `least` is left out."""
    cuts = sorted(bound for bound in set(bounds) if least is None or bound > least)
    ends: list[float | None] = [least, *cuts, None]
    return [Segment(low, high, integral) for low, high in pairwise(ends)]
