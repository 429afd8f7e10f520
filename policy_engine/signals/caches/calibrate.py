"""Finding the similarity from which a cache's hits are right often enough, from texts that are labelled."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from policy_engine.signals.caches.bounds import least_sample, upper_bound
from policy_engine.signals.caches.checks import Check
from policy_engine.signals.caches.directory import CANDIDATES
from policy_engine.signals.guards.guard import read_beginning, veto, veto_between

if TYPE_CHECKING:
    from policy_engine.signals.embedders.protocol import Vectors

LEAST_PAIRS: Final = 3_000
"""How many labelled or checked pairs a threshold must rest on."""

SURELY: Final = 0.95
"""
How surely the bound holds that chooses a threshold. Traffic to come has luck of its own, for which there must be room.
"""

LOWEST: Final = 0.6
"""Below this similarity nobody should be answered, whatever the labels say."""

ORDERS: Final = 12
"""In how many orders labelled texts are replayed, since who comes first decides who is answered by whom."""

MOST_TEXTS: Final = 8_000
"""How many labelled texts are replayed; of more, a sample."""

# Finer steps come nearer to the rate; each is one more chance to stop too early, or to go on too long, by luck.
_STEP: Final = 0.005
# How many times the least sample there must be: with fewer, luck decides whether a rate that is near can be kept.
_ROOM: Final = 10
_STRICTEST: Final = 0.99
_TELLING: Final = 50
_NEIGHBOURS: Final = 128
_BLOCK: Final = 512


class Counts(NamedTuple):
    """Hits at some threshold, and how many of them were wrong."""

    hits: int
    wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The lowest similarity that keeps a rate, and how many hits and wrong ones it has on the labels."""

    threshold: float
    pairs: int
    hits: int
    wrong: int
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why no threshold can be told; `labels_needed` is how many more labels may help, None where none will."""

    reason: str
    pairs: int
    labels_needed: int | None


class Traffic:
    """
    Labelled texts, replayed as a cache would serve them: a hit is answered by the nearest kept text, a miss is kept.

    Args:
        vectors: of the texts, of length 1.
        labels: texts with one label have one answer.
        guards: those that the cache asks.
    """

    def __init__(
        self, vectors: Vectors, texts: Sequence[str], labels: Sequence[str], guards: Iterable[str], *, seed: int = 0
    ) -> None:
        self._chance = random.Random(seed)
        chosen = list(range(len(texts)))
        self._chance.shuffle(chosen)
        chosen = chosen[:MOST_TEXTS]
        self._labels = [labels[at] for at in chosen]
        self._near = _neighbours(vectors[chosen])
        self._orders = [self._chance.sample(range(len(chosen)), len(chosen)) for _ in range(ORDERS)]
        read = [read_beginning(texts[at]) for at in chosen]
        asked = tuple(guards)

        @cache
        def differs(one: int, other: int) -> bool:
            return veto_between(read[one], read[other], asked) is not None

        self._differs = differs

    def counts(self, threshold: float) -> Counts:
        """Hits, and wrong ones among them, at a threshold; the mean of the orders, wrong ones rounded up."""
        found = [self._replayed(order, threshold) for order in self._orders]
        hits = sum(counts.hits for counts in found) // ORDERS
        return Counts(hits, math.ceil(sum(counts.wrong for counts in found) / ORDERS))

    def _replayed(self, order: Sequence[int], threshold: float) -> Counts:
        kept = bytearray(len(order))
        hits = wrong = 0
        for one in order:
            answered_by = self._answer(one, kept, threshold)
            if answered_by is None:
                kept[one] = 1
            else:
                hits += 1
                wrong += self._labels[one] != self._labels[answered_by]
        return Counts(hits, wrong)

    def _answer(self, one: int, kept: bytearray, threshold: float) -> int | None:
        """The nearest kept text that reaches the threshold and no guard objects to, of the few that are looked at."""
        looked_at = 0
        for at, similarity in zip(*self._near[one], strict=True):
            if similarity < threshold or looked_at == CANDIDATES:
                return None
            if kept[at]:
                looked_at += 1
                if not self._differs(one, at):
                    return at
        return None


def counts_of(checks: Iterable[Check]) -> Callable[[float], Counts]:
    """The same of pairs that were labelled or checked one by one."""
    ordered = tuple(checks)

    def counts(threshold: float) -> Counts:
        reached = [check for check in ordered if check.similarity >= threshold]
        return Counts(len(reached), sum(not check.is_right for check in reached))

    return counts


def from_pairs(
    first: Vectors, second: Vectors, texts: Sequence[tuple[str, str]], same: Sequence[bool], guards: Iterable[str]
) -> list[Check]:
    """Labelled pairs as checks, without those that a guard vetoes."""
    similarities = np.einsum("ij,ij->i", first, second)
    guards = tuple(guards)
    return [
        Check(similarity=min(1.0, max(0.0, float(similarity))), is_right=is_same)
        for similarity, pair, is_same in zip(similarities, texts, same, strict=True)
        if similarity >= LOWEST and veto(*pair, guards) is None
    ]


def lowest_threshold(
    counts: Callable[[float], Counts], *, pairs: int, max_wrong_hit_rate: float
) -> Threshold | Refusal:
    """
    The lowest threshold whose wrong share is at most the stated one, surely.

    Thresholds are tried from the strictest on that has hits enough to tell, downwards (a fixed sequence, so that no
    correction for many tries is needed), until the upper bound of Clopper and Pearson passes the rate.

    Args:
        counts: hits and wrong ones at a threshold.
        pairs: how many were looked at, near or not.
    """
    if pairs < LEAST_PAIRS:
        return Refusal(
            reason=f"{pairs:,} labelled pairs are too few to rest a threshold on; {LEAST_PAIRS:,} are needed",
            pairs=pairs,
            labels_needed=LEAST_PAIRS - pairs,
        )
    needed = _ROOM * least_sample(max_wrong_hit_rate, confidence=SURELY)
    best: Threshold | None = None
    hits = promising = 0
    for step in range(round(_STRICTEST / _STEP), round(LOWEST / _STEP) - 1, -1):
        hits, wrong = counts(round(step * _STEP, 6))
        if hits < needed and best is None:
            promising = hits if hits >= _TELLING and wrong < max_wrong_hit_rate * hits else promising
            continue
        bound = upper_bound(wrong, hits, confidence=SURELY)
        found = Threshold(threshold=round(step * _STEP, 6), pairs=pairs, hits=hits, wrong=wrong, bound=bound)
        if bound > max_wrong_hit_rate:
            labels_needed = int(pairs * needed / promising) - pairs if promising else None
            return best or _unreachable(found, labels_needed)
        best = found
    return best or Refusal(
        reason=f"only {hits:,} of {pairs:,} pairs are alike; it takes {needed:,} to tell such a rate",
        pairs=pairs,
        labels_needed=int(pairs * needed / max(1, hits)) - pairs,
    )


def _neighbours(vectors: Vectors) -> list[tuple[list[int], list[float]]]:
    """For each vector the nearest others, and their similarities, the most similar first."""
    count = min(_NEIGHBOURS, len(vectors) - 1)
    found: list[tuple[list[int], list[float]]] = []
    for begin in range(0, len(vectors), _BLOCK):
        similarities = vectors[begin : begin + _BLOCK] @ vectors.T
        rows = np.arange(len(similarities))
        similarities[rows, begin + rows] = -1.0
        near = np.argpartition(similarities, -count, axis=1)[:, -count:] if count else np.empty((len(rows), 0), int)
        values = np.take_along_axis(similarities, near, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        near, values = np.take_along_axis(near, order, axis=1), np.take_along_axis(values, order, axis=1)
        found += zip(near.tolist(), values.tolist(), strict=True)
    return found


def _unreachable(found: Threshold, labels_needed: int | None) -> Refusal:
    """Why the strictest threshold that can be told about is not strict enough, and whether a stricter one might be."""
    rate = found.wrong / found.hits
    counted = f"{found.wrong:,} of {found.hits:,} hits at {found.threshold:g} are wrong"
    said = f"{counted} ({rate:.1%}, at most {found.bound:.1%})"
    if labels_needed is None:
        return Refusal(
            reason=f"{said}, and stricter similarities are no better: this embedder cannot keep the rate here",
            pairs=found.pairs,
            labels_needed=None,
        )
    return Refusal(
        reason=f"{said}; stricter similarities look better, but with too few hits to tell",
        pairs=found.pairs,
        labels_needed=labels_needed,
    )
