"""Chance as made-up policies and requests use it."""

from random import Random


def happens(rng: Random, share: float) -> bool:
    """True in this share of draws; the smallest draw, which Hypothesis shrinks to, is False."""
    return rng.random() >= 1 - share
