"""Bounds on a share that was counted in a sample (Clopper and Pearson, 1934)."""

from __future__ import annotations

import math
from collections.abc import Callable

CONFIDENCE = 0.9
"""How surely a bound holds, one-sided."""

_STEPS = 60


def upper_bound(count: int, total: int, *, confidence: float = CONFIDENCE) -> float:
    """The largest true share under which so few of so many would not be a surprise; 1 for no sample."""
    if total == 0 or count >= total:
        return 1.0
    return _solved(lambda share: _at_most(count, total, share) > 1 - confidence)


def lower_bound(count: int, total: int, *, confidence: float = CONFIDENCE) -> float:
    """The smallest true share under which so many of so many would not be a surprise; 0 for no sample."""
    return 1.0 - upper_bound(total - count, total, confidence=confidence) if total else 0.0


def least_sample(share: float, *, confidence: float = CONFIDENCE) -> int:
    """How many without any fault it takes to know that at most this share is faulty."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-share)) if 0 < share < 1 else 1


def _solved(is_below: Callable[[float], bool]) -> float:
    """Where a property that holds from 0 on ends to hold, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if is_below(middle):
            low = middle
        else:
            high = middle
    return high


def _at_most(count: int, total: int, share: float) -> float:
    """The chance of at most so many in a sample if this is the true share."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return 0.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    whole = math.lgamma(total + 1)
    terms = (
        whole - math.lgamma(k + 1) - math.lgamma(total - k + 1) + k * log_share + (total - k) * log_rest
        for k in range(count + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))
