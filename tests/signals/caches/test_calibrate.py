"""Tests of thresholds found from labels."""

from __future__ import annotations

import random

import numpy as np
import pytest

from policy_engine.signals.caches.bounds import upper_bound
from policy_engine.signals.caches.calibrate import (
    SURELY,
    Counts,
    Refusal,
    Threshold,
    Traffic,
    counts_of,
    from_pairs,
    lowest_threshold,
)
from policy_engine.signals.caches.checks import Check
from policy_engine.signals.embedders.hashed import HashedEmbedder


def checks(count: int, *, wrong_below: float, often: float, seed: int = 1) -> list[Check]:
    """Pairs spread evenly from .6 to 1; below a similarity, a share of them is wrong."""
    chance = random.Random(seed)
    drawn = [0.6 + 0.4 * chance.random() for _ in range(count)]
    return [Check(similarity=s, is_right=s >= wrong_below or chance.random() >= often) for s in drawn]


def test_the_lowest_threshold_that_keeps_the_rate_is_found() -> None:
    """It is below the similarity where errors begin, by as much as the rate allows, and its bound holds."""
    counts = counts_of(checks(6_000, wrong_below=0.8, often=0.5))
    found = lowest_threshold(counts, pairs=6_000, max_wrong_hit_rate=0.05)

    assert isinstance(found, Threshold)
    assert 0.76 < found.threshold < 0.8
    assert found.bound == upper_bound(found.wrong, found.hits, confidence=SURELY) <= 0.05


def test_the_rate_holds_on_other_texts() -> None:
    """In nine of ten draws and more, new pairs from the same source keep the stated rate."""
    held = 0
    for seed in range(20):
        found = lowest_threshold(
            counts_of(checks(4_000, wrong_below=0.85, often=0.3, seed=seed)), pairs=4_000, max_wrong_hit_rate=0.05
        )
        assert isinstance(found, Threshold)
        fresh = checks(40_000, wrong_below=0.85, often=0.3, seed=1_000 + seed)
        reached = [check for check in fresh if check.similarity >= found.threshold]
        held += sum(not check.is_right for check in reached) <= 0.05 * len(reached)

    assert held >= 18


@pytest.mark.parametrize(
    ("given", "pairs", "rate", "reason", "needed"),
    [
        (checks(2_000, wrong_below=0, often=0), 2_000, 0.05, "2,000 labelled pairs are too few", 1_000),
        (checks(100, wrong_below=0, often=0), 5_000, 0.05, "only 100 of 5,000 pairs are alike", 24_500),
        (checks(5_000, wrong_below=2, often=0.3), 5_000, 0.05, "this embedder cannot keep the rate here", None),
        (checks(4_000, wrong_below=0.9, often=0.2), 4_000, 0.01, "stricter similarities look better", 7_783),
    ],
)
def test_what_cannot_be_told_is_refused(
    given: list[Check], pairs: int, rate: float, reason: str, needed: int | None
) -> None:
    """Too few labels, too few that are alike, or too many errors: it says which, and how many labels would do."""
    found = lowest_threshold(counts_of(given), pairs=pairs, max_wrong_hit_rate=rate)

    assert isinstance(found, Refusal)
    assert reason in found.reason
    assert found.labels_needed == needed


def test_traffic_is_replayed_as_it_would_be_served() -> None:
    """A text is answered by the nearest kept one without a veto, right if the labels are equal; else it is kept."""
    texts = ["turn on the hall lights", "turn off the hall lights", "turn on the hall lights now", "pay my bill"]
    vectors = HashedEmbedder().embed(texts)

    guarded = Traffic(vectors, texts, ["on", "off", "on", "pay"], ("polarity",))
    bare = Traffic(vectors, texts, ["on", "off", "on", "pay"], ())

    assert guarded.counts(0.6) == Counts(hits=1, wrong=0)
    assert bare.counts(0.6).hits == 2
    assert bare.counts(0.6).wrong >= 1
    assert bare.counts(0.99) == Counts(hits=0, wrong=0)


def test_pairs_are_taken_as_they_are() -> None:
    """Labelled pairs that are alike count, unless a guard vetoes them."""
    pairs = [("where is my order", "where is my order?"), ("pay 5", "pay 6"), ("a cat", "some other thing")]
    sides = (HashedEmbedder().embed([pair[side] for pair in pairs]) for side in (0, 1))

    found = from_pairs(*sides, pairs, [True, False, False], ("numbers",))

    assert [check.is_right for check in found] == [True]
    assert np.isclose(found[0].similarity, 0.95, atol=0.05)
