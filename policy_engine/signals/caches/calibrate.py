"""Finding the similarity from which a cache's hits are right often enough, from texts that are labelled."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.signals.caches.bounds import CONFIDENCE, least_sample, upper_bound
from policy_engine.signals.caches.checks import Check
from policy_engine.signals.guards.guard import veto

if TYPE_CHECKING:
    from policy_engine.signals.embedders.protocol import Vectors

LEAST_PAIRS: Final = 3_000
"""How many labelled or checked pairs a threshold must rest on."""

LOWEST: Final = 0.6
"""Below this similarity nobody should be answered, whatever the labels say."""

ORDERS: Final = 4
"""In how many orders labelled texts are replayed, since who comes first decides who is answered by whom."""

MOST_TEXTS: Final = 8_000
"""How many labelled texts are replayed; of more, a sample."""

# Few steps, since each is a chance to stop too early or to go on too long by luck.
_STEP: Final = 0.01
# How many times the least sample there must be: with fewer, luck decides whether a rate that is near can be kept.
_ROOM: Final = 10
_CANDIDATES: Final = 5
_NEIGHBOURS: Final = 64
_BLOCK: Final = 512


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


def from_traffic(
    vectors: Vectors, texts: Sequence[str], labels: Sequence[str], guards: Iterable[str], *, seed: int = 0
) -> list[Check]:
    """
    Texts replayed as traffic in `ORDERS` random orders: for each, its nearest earlier one without a veto, and whether
    the two have one label. What has none nearby is left out.

    Args:
        vectors: of the texts, of length 1.
        labels: texts with one label have one answer.
        guards: those that the cache asks.
    """
    chance = random.Random(seed)
    chosen = list(range(len(texts)))
    chance.shuffle(chosen)
    chosen = chosen[:MOST_TEXTS]
    neighbours = _neighbours(vectors[chosen])
    asked = tuple(guards)

    @cache
    def differs(one: int, other: int) -> bool:
        return veto(texts[chosen[one]], texts[chosen[other]], asked) is not None

    checks = []
    for _ in range(ORDERS):
        place = list(range(len(chosen)))
        chance.shuffle(place)
        for one, (near, similarities) in enumerate(neighbours):
            earlier = ((at, s) for at, s in zip(near, similarities, strict=True) if place[at] < place[one])
            for at, similarity in islice(earlier, _CANDIDATES):
                if similarity < LOWEST:
                    break
                if not differs(one, at):
                    is_right = labels[chosen[one]] == labels[chosen[at]]
                    checks.append(Check(similarity=min(1.0, similarity), is_right=is_right))
                    break
    return checks


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
    checks: Sequence[Check], *, pairs: int, max_wrong_hit_rate: float, orders: int = 1
) -> Threshold | Refusal:
    """
    The lowest threshold whose wrong share is at most the stated one, surely.

    Thresholds are tried from the strictest on that has hits enough to tell, downwards (a fixed sequence, so that no
    correction for many tries is needed), until the upper bound of Clopper and Pearson passes the rate.

    Args:
        checks: pairs near enough to matter.
        pairs: how many were looked at, near or not.
        orders: in how many orders the same texts were replayed; more of them are no more evidence, but a steadier one.
    """
    if pairs < LEAST_PAIRS:
        return Refusal(
            reason=f"{pairs:,} labelled pairs are too few to rest a threshold on; {LEAST_PAIRS:,} are needed",
            pairs=pairs,
            labels_needed=LEAST_PAIRS - pairs,
        )
    ordered = sorted(checks, key=lambda check: -check.similarity)
    needed = _ROOM * least_sample(max_wrong_hit_rate)
    alike = len(ordered) // orders
    if alike < needed:
        return Refusal(
            reason=f"only {alike:,} of {pairs:,} pairs are alike; it takes {needed:,} to tell such a rate",
            pairs=pairs,
            labels_needed=int(pairs * needed / max(1, alike)) - pairs,
        )
    start = _grid_at_most(ordered[needed * orders - 1].similarity)
    best: Threshold | None = None
    tried = start
    while tried >= LOWEST:
        found = _at(tried, ordered, pairs, orders)
        if found.bound > max_wrong_hit_rate:
            return best or _unreachable(found, max_wrong_hit_rate)
        best, tried = found, round(tried - _STEP, 6)
    return best or Refusal(reason="no similarity is high enough", pairs=pairs, labels_needed=None)


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


def _grid_at_most(similarity: float) -> float:
    return round(math.floor(similarity / _STEP + 1e-9) * _STEP, 6)


def _at(threshold: float, ordered: Sequence[Check], pairs: int, orders: int) -> Threshold:
    reached = [check for check in ordered if check.similarity >= threshold]
    hits = len(reached) // orders
    wrong = math.ceil(sum(not check.is_right for check in reached) / orders)
    bound = upper_bound(wrong, hits, confidence=CONFIDENCE)
    return Threshold(threshold=threshold, pairs=pairs, hits=hits, wrong=wrong, bound=bound)


def _unreachable(found: Threshold, max_wrong_hit_rate: float) -> Refusal:
    """Why even the strictest threshold that can be told about is not strict enough."""
    rate = found.wrong / found.hits
    counts = f"{found.wrong:,} of the {found.hits:,} most similar pairs are wrong"
    if rate >= max_wrong_hit_rate:
        reason = f"{counts} ({rate:.1%}): this embedder cannot keep {max_wrong_hit_rate:.3g} on this traffic"
        return Refusal(reason=reason, pairs=found.pairs, labels_needed=None)
    factor = 2
    while upper_bound(found.wrong * factor, found.hits * factor) > max_wrong_hit_rate and factor < 64:
        factor *= 2
    reason = f"{counts} ({rate:.1%}), which may still be {found.bound:.1%} in truth; more labels may settle it"
    return Refusal(reason=reason, pairs=found.pairs, labels_needed=found.pairs * (factor - 1))
