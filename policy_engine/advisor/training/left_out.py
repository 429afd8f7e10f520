"""What a classifier says about texts that it was not trained on: each part of them told by what the others teach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.advisor.training.confidence import fit_confidence, surprise
from policy_engine.advisor.training.logistic import Problem, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.advisor.training.logistic import Matrix, Targets

FOLDS: Final = 10
FEW_FOLDS: Final = 5
MANY: Final = 1_500
"""From how many examples on there are fewer folds."""

LOOSENESSES: Final = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
_FIRST: Final = LOOSENESSES.index(30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """
    Evidence for texts by a classifier that was trained without them.

    Attributes:
        looseness, named: with which settings; see `choose`.
        evidence: for each text and label.
        folds: in which part each text was.
        surprise: how unlikely the true labels are by it, sharpened as fits best.
    """

    looseness: float
    named: bool
    evidence: Matrix
    folds: NDArray[np.intp]
    surprise: float


def folds_of(targets: Targets) -> NDArray[np.intp]:
    """The part that each text belongs to, every label spread over all parts; the same for the same texts."""
    count = min(FOLDS if len(targets) < MANY else FEW_FOLDS, len(targets))
    order = np.random.default_rng(0).permutation(len(targets))
    by_label = order[np.argsort(targets[order], kind="stable")]
    folds = np.empty(len(targets), np.intp)
    folds[by_label] = np.arange(len(targets)) % count
    return folds


def choose(problem: Problem, targets: Targets, labels: int) -> LeftOut:
    """
    The settings under which left-out texts are told best, and what is said of them then.

    How loosely to learn is chosen first; then whether the labels' names, which follow the texts in the problem, are
    examples too.
    """
    folds = folds_of(targets)

    def tried(looseness: float, *, named: bool = True) -> LeftOut:
        return _left_out(problem, targets, labels, folds=folds, looseness=looseness, named=named)

    best = tried(LOOSENESSES[_FIRST])
    for direction in (LOOSENESSES[_FIRST + 1 :], LOOSENESSES[_FIRST - 1 :: -1]):
        for looseness in direction:
            other = tried(looseness)
            if other.surprise >= best.surprise:
                break
            best = other
    return min(best, tried(best.looseness, named=False), key=lambda one: one.surprise)


def training_of(targets: Targets, labels: int, *, named: bool) -> tuple[Targets, Targets]:
    """The places to learn from and their labels: all texts, and the names behind them if those count."""
    if not named:
        return np.arange(len(targets)), targets
    return np.arange(len(targets) + labels), np.concatenate([targets, np.arange(labels)])


def _left_out(
    problem: Problem, targets: Targets, labels: int, *, folds: NDArray[np.intp], looseness: float, named: bool
) -> LeftOut:
    evidence = np.zeros((len(targets), labels))
    places, everyone = training_of(targets, labels, named=named)
    all_counts = np.bincount(everyone, minlength=labels)
    for fold in np.unique(folds):
        held = np.flatnonzero(folds == fold)
        kept = np.setdiff1d(places, held)
        weights = solve(problem, kept, everyone[kept], labels, looseness)
        counts = np.bincount(everyone[kept], minlength=labels)
        # Whoever leaves texts out makes their labels rarer than they are.
        rarer = np.log(np.maximum(all_counts, 1) / np.maximum(counts, 1))
        evidence[held] = problem.evidence(weights)[held] + rarer
    sharpness = fit_confidence(evidence, targets).sharpness
    return LeftOut(
        looseness=looseness,
        named=named,
        evidence=evidence,
        folds=folds,
        surprise=surprise(evidence, targets, sharpness),
    )
