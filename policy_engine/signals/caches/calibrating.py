"""A declared cache calibrated: labels or checks in, a calibration or a refusal out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from policy_engine.model.calibration import Calibration
from policy_engine.signals.caches.calibrate import (
    MOST_TEXTS,
    SURELY,
    Counts,
    Refusal,
    Traffic,
    counts_of,
    from_pairs,
    lowest_threshold,
)
from policy_engine.signals.caches.checks import Check
from policy_engine.signals.caches.labels import Labels
from policy_engine.signals.caches.settings import CacheSettings
from policy_engine.signals.embedders.protocol import Embedder


def calibrated(
    settings: CacheSettings,
    embedder: Embedder,
    labels: Labels,
    *,
    max_wrong_hit_rate: float,
    checks: tuple[Check, ...] = (),
    today: date,
) -> Calibration | Refusal:
    """
    The threshold of a cache and the evidence for it, or why there is none.

    Args:
        embedder: the one that the cache names.
        labels: at most one kind of them.
        checks: pairs that were checked while serving; they count like labelled ones.
        today: the date that the calibration bears.
    """
    counts = _counts(settings, embedder, labels, checks)
    pairs = len(checks) + len(labels.pairs) + max(0, min(len(labels.texts), MOST_TEXTS) - 1)
    result = lowest_threshold(counts, pairs=pairs, max_wrong_hit_rate=max_wrong_hit_rate)
    if isinstance(result, Refusal):
        return result
    return Calibration(
        embedder=embedder.identity,
        guards=settings.guards,
        max_wrong_hit_rate=max_wrong_hit_rate,
        confidence=SURELY,
        threshold=result.threshold,
        pairs=result.pairs,
        hits=result.hits,
        wrong=result.wrong,
        wrong_rate_bound=round(result.bound, 6),
        date=today.isoformat(),
        labels=labels.digest,
    )


def _counts(
    settings: CacheSettings, embedder: Embedder, labels: Labels, checks: tuple[Check, ...]
) -> Callable[[float], Counts]:
    """Hits and wrong ones at a threshold, of labels and checks together."""
    of_checks = counts_of((*checks, *_pairs(settings, embedder, labels)))
    if not labels.texts:
        return of_checks
    traffic = Traffic(embedder.embed(labels.texts), labels.texts, labels.labels, settings.guards)

    def counts(threshold: float) -> Counts:
        replayed, checked = traffic.counts(threshold), of_checks(threshold)
        return Counts(replayed.hits + checked.hits, replayed.wrong + checked.wrong)

    return counts


def _pairs(settings: CacheSettings, embedder: Embedder, labels: Labels) -> list[Check]:
    if not labels.pairs:
        return []
    first, second = (embedder.embed([pair[side] for pair in labels.pairs]) for side in (0, 1))
    return from_pairs(first, second, labels.pairs, labels.same, settings.guards)
