"""
Quality against calls of the dear model: the gap that a policy recovers, and the measures made of it.

The definitions are those of RouteLLM (Ong et al., 2024, arXiv:2406.18665, section 2.3), the sums as in its published
evaluation (`routellm/evals/evaluate.py`, `apgr_metric`): trapezoids under the curve.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

CPT_GOALS = (0.2, 0.5, 0.8)
"""The shares of the gap for which the calls that they take are told, as in RouteLLM's evaluation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One setting of a policy: the share of requests that call the strong model, its mean score, and what it cost."""

    calls: float
    score: float
    cost_usd: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """
    From the weak model alone to the strong model alone, by way of a policy's settings.

    Attributes:
        weak, strong: names of the two models.
        points: by share of calls, both ends included. Between two of them lies what a random mix of both gives.
        apgr: average performance gap recovered; None without a gap.
        cpt: for each goal the share of strong calls that recovers this share of the gap; None without a gap.
    """

    weak: str
    strong: str
    points: tuple[Point, ...]
    apgr: float | None
    cpt: tuple[tuple[float, float | None], ...]


def curve_of(weak: str, strong: str, *, ends: tuple[Point, Point], settings: Iterable[Point]) -> Curve:
    """
    The curve of a policy's settings between two models.

    Args:
        ends: the weak model alone (0 calls of the strong one) and the strong model alone (1).
    """
    points = tuple(sorted((ends[0], *settings, ends[1]), key=lambda point: point.calls))
    low, high = ends[0].score, ends[1].score
    gaps = [(point.calls, recovered(point.score, low, high)) for point in points]
    known = [(calls, gap) for calls, gap in gaps if gap is not None]
    has_gap = high != low
    return Curve(
        weak=weak,
        strong=strong,
        points=points,
        apgr=area(known) if has_gap else None,
        cpt=tuple((goal, calls_for(known, goal) if has_gap else None) for goal in CPT_GOALS),
    )


def recovered(score: float, weak: float, strong: float) -> float | None:
    """
    PGR: the share of the gap between two models' scores that a score recovers; None without a gap.

    (score - weak) / (strong - weak); below 0 it is worse than the weak model, above 1 better than the strong one.
    """
    return None if strong == weak else (score - weak) / (strong - weak)


def area(points: Sequence[tuple[float, float]]) -> float:
    """
    APGR: the area under PGR over the share of strong calls, from 0 to 1, by trapezoids.

    A random mix of the two models has 0.5. A single setting with PGR p at c calls has (1 + p - c) / 2.
    """
    return sum((right[0] - left[0]) * (left[1] + right[1]) / 2 for left, right in pairwise(points))


def calls_for(points: Sequence[tuple[float, float]], goal: float) -> float | None:
    """CPT: the smallest share of strong calls at which the curve reaches this PGR; None if it never does."""
    before: tuple[float, float] | None = None
    for calls, gap in points:
        if gap >= goal:
            if before is None or gap == before[1]:
                return calls
            return before[0] + (calls - before[0]) * (goal - before[1]) / (gap - before[1])
        before = (calls, gap)
    return None
