"""How sure a classifier may be: evidence turned into probabilities, and how far those are from the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.model.classifier import Confidence

if TYPE_CHECKING:
    from policy_engine.advisor.training.logistic import Matrix, Targets

BINS: Final = 10
_SURE: Final = 1e-6
_STEPS: Final = 40
_GOLDEN: Final = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Answers of about the same score: how many, their mean score, and the share of them that was right."""

    answers: int
    score: float
    right: float


def fit_confidence(evidence: Matrix, targets: Targets) -> Confidence:
    """
    The confidence that fits evidence for texts that were not trained on.

    First one factor for all evidence (temperature scaling: Guo et al., 2017, "On Calibration of Modern Neural
    Networks"), then a line for the best label's log-odds (Platt, 1999), since few texts with many labels leave
    probabilities whose mean is right and whose spread is not.
    """
    sharpness = math.exp(_least(lambda log: surprise(evidence, targets, math.exp(log)), math.log(0.05), math.log(20)))
    shares = shares_of(evidence, sharpness)
    odds = _log_odds(shares.max(1))
    right = (shares.argmax(1) == targets).astype(float)
    slope, offset = _line(odds, right)
    return Confidence(sharpness=sharpness, slope=slope, offset=offset)


def best_of(evidence: Matrix, confidence: Confidence) -> Matrix:
    """The probability that each row's best label is right."""
    odds = _log_odds(shares_of(evidence, confidence.sharpness).max(1))
    probabilities: Matrix = 1 / (1 + np.exp(-(confidence.slope * odds + confidence.offset)))
    return probabilities


def surprise(evidence: Matrix, targets: Targets, sharpness: float) -> float:
    """The mean negative log-likelihood of the true labels."""
    shares = shares_of(evidence, sharpness)
    return float(-np.log(shares[np.arange(len(targets)), targets] + 1e-12).mean())


def shares_of(evidence: Matrix, sharpness: float) -> Matrix:
    """The softmax of evidence, row by row."""
    powers = np.exp((evidence - evidence.max(1, keepdims=True)) * sharpness)
    shares: Matrix = powers / powers.sum(1, keepdims=True)
    return shares


def reliability_of(scores: Matrix, right: Matrix) -> tuple[Bin, ...]:
    """Answers by score in ten bins of equal width, those that have any."""
    places = np.minimum((scores * BINS).astype(int), BINS - 1)
    return tuple(
        Bin(answers=int(inside.sum()), score=float(scores[inside].mean()), right=float(right[inside].mean()))
        for place in range(BINS)
        if (inside := places == place).any()
    )


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """The expected calibration error: the mean distance of score and truth over the bins, by their answers."""
    answers = sum(one.answers for one in bins)
    return sum(one.answers * abs(one.score - one.right) for one in bins) / answers if answers else 0.0


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of one valley is least, by golden section."""
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if function(left) < function(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def _log_odds(shares: Matrix) -> Matrix:
    bounded = np.clip(shares, _SURE, 1 - _SURE)
    odds: Matrix = np.log(bounded / (1 - bounded))
    return odds


def _line(odds: Matrix, right: Matrix) -> tuple[float, float]:
    """Slope and offset of the likeliest logistic line, by Newton's method; a little drawn to slope 1, offset 0."""
    parameters, target = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    inputs = np.column_stack([odds, np.ones_like(odds)])
    for _ in range(_STEPS):
        told = 1 / (1 + np.exp(-(inputs @ parameters)))
        gradient = inputs.T @ (told - right) + (parameters - target)
        curvature = (inputs * (told * (1 - told))[:, None]).T @ inputs + np.eye(2)
        parameters = parameters - np.linalg.solve(curvature, gradient)
    return max(0.0, float(parameters[0])), float(parameters[1])
