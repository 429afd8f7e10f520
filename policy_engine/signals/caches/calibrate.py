"""Finding the similarity from which a cache's hits are right often enough, from texts that are labelled."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.signals.caches.bounds import CONFIDENCE, least_sample, upper_bound
from policy_engine.signals.caches.checks import Check
from policy_engine.signals.guards.guard import veto

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.signals.embedders.protocol import Vectors

LEAST_PAIRS: Final = 3_000
"""How many labelled or checked pairs a threshold must rest on."""

LOWEST: Final = 0.6
"""Below this similarity nobody should be answered, whatever the labels say."""

MOST_TEXTS: Final = 8_000
"""How many labelled texts are replayed; of more, a sample."""

_STEP: Final = 0.005
_ROOM: Final = 6
_CANDIDATES: Final = 5


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
    vectors: Vectors,
    texts: Sequence[str],
    labels: Sequence[str],
    guards: Iterable[str],
    *,
    seed: int = 0,
    on_progress: Callable[[int], object] = lambda _: None,
) -> list[Check]:
    """
    Texts replayed as traffic in a random order: for each, its nearest earlier one without a veto, and whether the
    two have one label. What has none nearby is left out.

    Args:
        vectors: of the texts, of length 1.
        labels: texts with one label have one answer.
        guards: those that the cache asks.
        on_progress: told how many texts are done.
    """
    order = list(range(len(texts)))
    random.Random(seed).shuffle(order)
    order = order[:MOST_TEXTS]
    arranged = vectors[order]
    guards = tuple(guards)
    checks = []
    for position in range(1, len(order)):
        similarities = arranged[:position] @ arranged[position]
        for at in _nearest(similarities):
            one, other, similarity = order[position], order[at], float(similarities[at])
            if similarity < LOWEST:
                break
            if veto(texts[one], texts[other], guards) is None:
                checks.append(Check(similarity=min(1.0, similarity), is_right=labels[one] == labels[other]))
                break
        on_progress(position)
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


def lowest_threshold(checks: Sequence[Check], *, pairs: int, max_wrong_hit_rate: float) -> Threshold | Refusal:
    """
    The lowest threshold whose wrong share is at most the stated one, surely.

    Thresholds are tried from the strictest on that has hits enough to tell, downwards (a fixed sequence, so that no
    correction for many tries is needed), until the upper bound of Clopper and Pearson passes the rate.

    Args:
        checks: pairs near enough to matter.
        pairs: how many were looked at, near or not.
    """
    if pairs < LEAST_PAIRS:
        return Refusal(
            reason=f"{pairs:,} labelled pairs are too few to rest a threshold on; {LEAST_PAIRS:,} are needed",
            pairs=pairs,
            labels_needed=LEAST_PAIRS - pairs,
        )
    ordered = sorted(checks, key=lambda check: -check.similarity)
    needed = _ROOM * least_sample(max_wrong_hit_rate)
    if len(ordered) < needed:
        return Refusal(
            reason=f"only {len(ordered):,} of {pairs:,} pairs are alike; it takes {needed:,} to tell such a rate",
            pairs=pairs,
            labels_needed=int(pairs * needed / max(1, len(ordered))) - pairs,
        )
    start = _grid_at_most(ordered[needed - 1].similarity)
    best: Threshold | None = None
    tried = start
    while tried >= LOWEST:
        found = _at(tried, ordered, pairs)
        if found.bound > max_wrong_hit_rate:
            return best or _unreachable(found, max_wrong_hit_rate)
        best, tried = found, round(tried - _STEP, 6)
    return best or Refusal(reason="no similarity is high enough", pairs=pairs, labels_needed=None)


def _nearest(similarities: NDArray[np.float32]) -> list[int]:
    count = min(_CANDIDATES, len(similarities))
    found = np.argpartition(similarities, -count)[-count:]
    return [int(at) for at in found[np.argsort(-similarities[found], kind="stable")]]


def _grid_at_most(similarity: float) -> float:
    return round(math.floor(similarity / _STEP + 1e-9) * _STEP, 6)


def _at(threshold: float, ordered: Sequence[Check], pairs: int) -> Threshold:
    reached = [check for check in ordered if check.similarity >= threshold]
    wrong = sum(not check.is_right for check in reached)
    bound = upper_bound(wrong, len(reached), confidence=CONFIDENCE)
    return Threshold(threshold=threshold, pairs=pairs, hits=len(reached), wrong=wrong, bound=bound)


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
