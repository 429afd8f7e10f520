"""How sure a sum over requests is: an interval by the bootstrap, the same each time, since its seed is fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

CONFIDENCE = 0.95
REPLICATES = 2_000
GROUPS = 1_000
"""Beyond so many requests they are dealt into groups, whose sums are drawn instead of single requests."""

_SEED = 20_240_618


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A sum, and between what it may lie."""

    low: float
    high: float


def bootstrap(amounts: Sequence[float]) -> Interval | None:
    """
    The 95 % percentile interval of a sum (Efron, 1979): as many amounts are drawn with replacement, 2,000 times.

    It says how much the sum would vary over other traffic of the same kind and amount, if requests do not depend on
    each other. None for fewer than two amounts.
    """
    if len(amounts) < 2:
        return None
    if not any(amounts):
        return Interval(low=0.0, high=0.0)
    random = Random(_SEED)
    sums = sorted(sum(random.choices(amounts, k=len(amounts))) for _ in range(REPLICATES))
    tail = (1 - CONFIDENCE) / 2
    return Interval(low=sums[int(tail * REPLICATES)], high=sums[int((1 - tail) * REPLICATES) - 1])
