"""Texts as rows of numbers: which terms there are, how often, and what each text has of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.signals.classifiers.features import grams_of, rarity, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_TERMS: Final = 12_000
MAX_WEIGHTS: Final = 600_000
"""How many terms, and terms times labels, are kept: the most frequent. A file stays well below what a bundle reads."""

KINDS: Final = ("words", "grams")


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """
    The terms that are kept, for each kind in how many texts each of them is, in a fixed order.

    `texts` is how many texts there were.
    """

    texts: int
    counts: Mapping[str, Mapping[str, int]]

    def rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length 1 for each text, or shorter where it has terms that are not kept."""
        starts = np.cumsum([0, *(len(self.counts[kind]) for kind in KINDS)])
        places = {
            kind: {term: int(start) + place for place, term in enumerate(self.counts[kind])}
            for kind, start in zip(KINDS, starts, strict=False)
        }
        rows = np.zeros((len(texts), int(starts[-1])), np.float32)
        for row, text in zip(rows, texts, strict=True):
            squares = 0.0
            for kind, terms in terms_of(text).items():
                for term in terms:
                    rare = rarity(self.counts[kind].get(term, 0), self.texts)
                    squares += rare * rare
                    place = places[kind].get(term)
                    if place is not None:
                        row[place] += rare
            row /= math.sqrt(squares) if squares else 1.0
        return rows


def terms_of(text: str) -> dict[str, list[str]]:
    """The terms of a text by kind: words once each, runs of characters once for each word that they are in."""
    words = list(dict.fromkeys(words_of(text)))
    return {"words": words, "grams": [gram for word in words for gram in grams_of(word)]}


def space_of(texts: Sequence[str], names: Sequence[str]) -> Space:
    """
    The terms of some texts, and of names of labels, which count as if they were in one text.

    Of too many the most frequent are kept.
    """
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for text in texts:
        for kind, terms in terms_of(text).items():
            counts[kind].update(set(terms))
    for name in names:
        for kind, terms in terms_of(name).items():
            counts[kind].update(term for term in set(terms) if term not in counts[kind])
    most = min(MAX_TERMS, MAX_WEIGHTS // max(1, len(names)))
    ranked = sorted((-count, kind, term) for kind in KINDS for term, count in counts[kind].items())[:most]
    kept: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for count, kind, term in sorted(ranked, key=lambda entry: entry[1:]):
        kept[kind][term] = -count
    return Space(texts=len(texts), counts=kept)
