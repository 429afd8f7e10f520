"""Multinomial logistic regression, solved over the similarities of texts, of which there are fewer than of terms."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Targets = NDArray[np.intp]
    Objective = Callable[[Matrix], tuple[float, Matrix]]

BIAS: Final = 0.1
"""The square of a feature that every text has."""

_STEPS: Final = 100
_REMEMBERED: Final = 8
_FLAT: Final = 1e-3
_RANK: Final = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    Texts by what they have in common.

    Attributes:
        features: one row for each text, whose dot products are the similarities plus the bias.
        back: turns weights of those features into weights of texts.
    """

    features: Matrix
    back: Matrix

    def evidence(self, weights: Matrix) -> Matrix:
        """What weights of features say about each text."""
        told: Matrix = self.features @ weights
        return told


def problem_of(similarities: Matrix) -> Problem:
    """The problem of texts with these dot products."""
    values, vectors = np.linalg.eigh(similarities + BIAS)
    kept = values > _RANK * values[-1]
    roots = np.sqrt(values[kept])
    return Problem(features=vectors[:, kept] * roots, back=vectors[:, kept] / roots)


def solve(problem: Problem, places: Targets, targets: Targets, labels: int, looseness: float) -> Matrix:
    """
    The weights of features that tell the targets best, each weight's square counting 1/2 against it.

    Args:
        places: the texts to learn from, by number.
        targets: the label of each of those.
        looseness: how much a text's surprise counts.
    """
    features = problem.features[places]
    width = features.shape[1]
    wanted = np.eye(labels)[targets]
    rows = np.arange(len(places))

    def objective(flat: Matrix) -> tuple[float, Matrix]:
        weights = flat.reshape(width, labels)
        evidence = features @ weights
        evidence -= evidence.max(1, keepdims=True)
        powers = np.exp(evidence)
        sums = powers.sum(1)
        loss = float((np.log(sums) - evidence[rows, targets]).sum())
        slope = looseness * (features.T @ (powers / sums[:, None] - wanted)) + weights
        return looseness * loss + 0.5 * float(flat @ flat), slope.ravel()

    return _least(objective, np.zeros(width * labels), flat=_FLAT * looseness).reshape(width, labels)


def _least(objective: Objective, start: Matrix, *, flat: float) -> Matrix:
    """
    Where a convex function is least, by L-BFGS (Nocedal and Wright, 2006, "Numerical Optimization", section 7.2).

    Steps are halved until they pay; the same input gives the same answer on every run.

    Args:
        flat: the slope at which it ends.
    """
    place, (value, slope) = start, objective(start)
    seen: deque[tuple[Matrix, Matrix]] = deque(maxlen=_REMEMBERED)
    for _ in range(_STEPS):
        if np.abs(slope).max() < flat:
            break
        direction = -_bent(slope, seen)
        descent = float(slope @ direction)
        size = 1.0 if seen else 1.0 / max(1.0, float(np.abs(slope).sum()))
        further = place + size * direction
        new_value, new_slope = objective(further)
        while new_value > value + 1e-4 * size * descent and size > _RANK:
            size /= 2
            further = place + size * direction
            new_value, new_slope = objective(further)
        step, change = further - place, new_slope - slope
        if float(step @ change) > 1e-12:
            seen.append((step, change))
        place, value, slope = further, new_value, new_slope
    return place


def _bent(slope: Matrix, seen: deque[tuple[Matrix, Matrix]]) -> Matrix:
    """The slope bent by what was seen of the curvature."""
    bent = slope.copy()
    shares = []
    for step, change in reversed(seen):
        share = float(step @ bent) / float(step @ change)
        bent -= share * change
        shares.append(share)
    if seen:
        step, change = seen[-1]
        bent *= float(step @ change) / float(change @ change)
    for (step, change), share in zip(seen, reversed(shares), strict=True):
        bent += step * (share - float(change @ bent) / float(step @ change))
    return bent
