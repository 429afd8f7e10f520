"""How good a classifier is, told by texts that it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from policy_engine.advisor.training.confidence import (
    Bin,
    best_of,
    calibration_error,
    fit_confidence,
    reliability_of,
    shares_of,
)

if TYPE_CHECKING:
    from policy_engine.advisor.training.left_out import LeftOut
    from policy_engine.advisor.training.logistic import Matrix, Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelQuality:
    """
    How well one label is told.

    `precision` is the share of right answers among those that gave it, `recall` the share of its texts that got it;
    None where there was none.
    """

    label: str
    examples: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """
    How good a classifier is, all of it measured on texts left out of training.

    Attributes:
        examples: how many texts.
        folds: in how many parts they were left out.
        accuracy: the share told right; `accuracy_margin` is half the width of its 95 % interval.
        majority: what saying the commonest label always would have.
        calibration_error: the expected distance of score and truth, in ten bins of equal width.
        bins: scores against truth.
        labels: each label by itself.
    """

    examples: int
    folds: int
    accuracy: float
    accuracy_margin: float
    majority: float
    calibration_error: float
    bins: tuple[Bin, ...]
    labels: tuple[LabelQuality, ...]

    def to_json(self) -> Mapping[str, Any]:
        """The same as plain values, rounded to what they are worth."""
        plain: Mapping[str, Any] = _rounded(asdict(self))
        return plain


def judged(left_out: LeftOut, targets: Targets, labels: Sequence[str]) -> Judgement:
    """What left-out texts say of a classifier."""
    told = left_out.evidence.argmax(1)
    right = (told == targets).astype(float)
    accuracy = float(right.mean())
    bins = reliability_of(_scores(left_out, targets), right)
    return Judgement(
        examples=len(targets),
        folds=len(np.unique(left_out.folds)),
        accuracy=accuracy,
        accuracy_margin=1.96 * math.sqrt(accuracy * (1 - accuracy) / len(targets)),
        majority=float(np.bincount(targets).max()) / len(targets),
        calibration_error=calibration_error(bins),
        bins=bins,
        labels=tuple(_quality(place, label, told, targets) for place, label in enumerate(labels)),
    )


def shares_left_out(left_out: LeftOut, targets: Targets) -> Matrix:
    """How likely each label was said to be for each text by classifiers trained and calibrated without it."""
    shares = np.zeros_like(left_out.evidence)
    for fold in np.unique(left_out.folds):
        held = left_out.folds == fold
        confidence = fit_confidence(left_out.evidence[~held], targets[~held])
        shares[held] = shares_of(left_out.evidence[held], confidence.sharpness)
    return shares


def _scores(left_out: LeftOut, targets: Targets) -> Matrix:
    """The score of each answer; how sure to be is learned without the text, too."""
    scores = np.zeros(len(targets))
    for fold in np.unique(left_out.folds):
        held = left_out.folds == fold
        confidence = fit_confidence(left_out.evidence[~held], targets[~held])
        scores[held] = best_of(left_out.evidence[held], confidence)
    return scores


def _quality(place: int, label: str, told: Targets, targets: Targets) -> LabelQuality:
    right = int(((told == place) & (targets == place)).sum())
    given, wanted = int((told == place).sum()), int((targets == place).sum())
    return LabelQuality(
        label=label,
        examples=wanted,
        precision=right / given if given else None,
        recall=right / wanted if wanted else None,
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return [_rounded(part) for part in value] if isinstance(value, list | tuple) else value
