"""Labelled texts for tests, made up of words that belong to a label and words that belong to none."""

from __future__ import annotations

import random
from collections.abc import Iterator

from policy_engine.advisor.training.examples import Example

WORDS = {
    "billing": ["invoice", "charged", "refund", "payment", "receipt", "card"],
    "delivery": ["parcel", "late", "tracking", "courier", "address", "shipped"],
    "returns": ["return", "broken", "exchange", "warranty", "damaged", "replace"],
}
LABELS = tuple(WORDS)
ANY = ["my", "the", "please", "is", "where", "order", "about", "help", "today", "again"]


def examples(count: int, *, seed: int = 1, noise: float = 0.1) -> tuple[Example, ...]:
    """So many examples, a share of them under a wrong label."""
    return tuple(_examples(count, random.Random(seed), noise))


def _examples(count: int, chance: random.Random, noise: float) -> Iterator[Example]:
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        text = " ".join([*chance.choices(WORDS[label], k=2), *chance.choices(ANY, k=5), str(number)])
        yield Example(text=text, label=chance.choice(LABELS) if chance.random() < noise else label)
