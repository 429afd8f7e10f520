"""A classifier fitted to labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.advisor.training.confidence import fit_confidence
from policy_engine.advisor.training.left_out import LeftOut, choose, training_of
from policy_engine.advisor.training.logistic import BIAS, Problem, problem_of, solve
from policy_engine.advisor.training.space import KINDS, Space, space_of
from policy_engine.model.classifier import Confidence, TrainedClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.advisor.training.logistic import Matrix, Targets

    Vectors = NDArray[np.float32]

EMBEDDING_SHARES: Final = (0.5, 0.85)
"""How much vectors may count beside words; left-out texts say which tells them better."""

_FINEST: Final = 9_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """Vectors of length 1 by one embedder: of the texts, and of the labels' names."""

    identity: str
    texts: Vectors
    names: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A fitted classifier without a word about how good it is, and what left-out texts were told on the way."""

    classifier: TrainedClassifier
    left_out: LeftOut


def fit(texts: Sequence[str], targets: Targets, labels: Sequence[str], *, embedded: Embedded | None = None) -> Fit:
    """
    The classifier that fits labelled texts.

    Args:
        targets: the label of each text, by its number in `labels`.
        embedded: what an embedder makes of the texts and the names, if it is to read its vectors too.
    """
    names = [spoken(label) for label in labels]
    space = space_of(texts, names)
    rows = space.rows([*texts, *names])
    vectors = None if embedded is None else np.vstack([embedded.texts, embedded.names])
    attempts = [
        _attempt(rows, vectors, share, targets, len(labels)) for share in (EMBEDDING_SHARES if embedded else (0.0,))
    ]
    best = min(attempts, key=lambda one: one.left_out.surprise)
    problem, left_out = best.problem, best.left_out
    places, everyone = training_of(targets, len(labels), named=left_out.named)
    shares = problem.back @ solve(problem, places, everyone, len(labels), left_out.looseness)
    weights = _weights(rows, shares, 1 - best.share)
    of_vectors = None if vectors is None else _weights(vectors, shares, best.share)
    scale = _scale(weights, of_vectors)
    parts = np.split(np.rint(weights / scale).astype(int), np.cumsum([len(space.counts[kind]) for kind in KINDS[:-1]]))
    classifier = TrainedClassifier(
        labels=tuple(labels),
        texts=len(texts),
        **{kind: _table(space, kind, part) for kind, part in zip(KINDS, parts, strict=True)},
        embedder=None if embedded is None else embedded.identity,
        embedding=() if of_vectors is None else tuple(map(tuple, np.rint(of_vectors / scale).astype(int).tolist())),
        scale=scale,
        bias=tuple(_short(value) for value in BIAS * shares.sum(0)),
        confidence=_shortened(fit_confidence(left_out.evidence, targets)),
        metrics={},
        date="",
        trained_on="",
    )
    return Fit(classifier=classifier, left_out=left_out)


def spoken(label: str) -> str:
    """A label as words."""
    return label.replace("_", " ").replace("-", " ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """What left-out texts are told where vectors count so much."""

    share: float
    problem: Problem
    left_out: LeftOut


def _attempt(rows: Vectors, vectors: Vectors | None, share: float, targets: Targets, labels: int) -> _Attempt:
    problem = problem_of(_similarities(rows, vectors, share))
    return _Attempt(share=share, problem=problem, left_out=choose(problem, targets, labels))


def _similarities(rows: Vectors, vectors: Vectors | None, share: float) -> Matrix:
    by_words = (rows @ rows.T).astype(np.float64)
    if vectors is None:
        return by_words
    by_vectors = (vectors @ vectors.T).astype(np.float64)
    return share * by_vectors + (1 - share) * by_words


def _weights(rows: Vectors, shares: Matrix, share: float) -> Matrix:
    weights: Matrix = share * (rows.T.astype(np.float64) @ shares)
    return weights


def _scale(weights: Matrix, of_vectors: Matrix | None) -> float:
    """What a weight of 1 stands for, so that the largest takes four digits."""
    largest = max(float(np.abs(part).max(initial=0.0)) for part in (weights, of_vectors) if part is not None)
    return _short(max(largest, 1e-9) / _FINEST)


def _table(space: Space, kind: str, weights: NDArray[np.int_]) -> dict[str, tuple[int, ...]]:
    counts = space.counts[kind].items()
    return {term: (count, *row) for (term, count), row in zip(counts, weights.tolist(), strict=True)}


def _short(value: float) -> float:
    """A number with as many digits as make a difference."""
    return float(f"{value:.6g}")


def _shortened(confidence: Confidence) -> Confidence:
    return Confidence(
        sharpness=_short(confidence.sharpness), slope=_short(confidence.slope), offset=_short(confidence.offset)
    )
