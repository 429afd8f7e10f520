"""A trained classifier at work: a text's terms looked up, their weights added, and the best label named."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.signals.classifiers.features import grams_of, rarity, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.model.classifier import Rows, TrainedClassifier

_LEAST: Final = 1e-6
_MOST: Final = 30.0


class LinearClassifier:
    """
    A classifier ready to judge texts, by words and, if it was trained so, by a vector of its embedder.

    Terms are weighed by how rare they are, and a text's terms are brought to length 1, with those that the classifier
    does not know counted in: a text of which it knows little gets little evidence. What the characters of a known word
    add is summed up beforehand. Safe under threads.
    """

    def __init__(self, trained: TrainedClassifier) -> None:
        self.labels = trained.labels
        self.embedder = trained.embedder
        sharpness = trained.confidence.sharpness
        self._slope, self._offset = trained.confidence.slope, trained.confidence.offset
        self._unknown = rarity(0, trained.texts) ** 2
        self._bias = np.array(trained.bias, np.float32) * np.float32(sharpness)
        self._embedding = np.array(trained.embedding, np.float32) * np.float32(trained.scale * sharpness)
        tables = (trained.grams, trained.words)
        rows = np.vstack([_weighed(table, trained) for table in tables])
        self._squares = [rarity(row[0], trained.texts) ** 2 for table in tables for row in table.values()]
        self._grams = {term: place for place, term in enumerate(trained.grams)}
        self._words = {term: place for place, term in enumerate(trained.words, len(self._grams))}
        # A word's row and square include those of its characters, so that they are looked up for unknown words only.
        for word, place in self._words.items():
            inside, squares = self._grams_in(word)
            rows[place] += rows.take(inside, 0).sum(0)
            self._squares[place] += squares
        self._rows = rows

    def judge(self, text: str, vector: NDArray[np.float32] | None = None) -> tuple[str, float] | None:
        """
        The most likely label and the probability that it is right; None for a text in which nothing is known.

        Args:
            vector: the text's vector of length 1 by the embedder, where the classifier has one.
        """
        evidence = self._evidence(text, vector)
        if evidence is None:
            return None
        best = int(evidence.argmax())
        others = float(np.add.reduce(np.exp(evidence - evidence[best]))) - 1.0
        sure = self._offset - self._slope * math.log(max(others, _LEAST))
        return self.labels[best], 1.0 / (1.0 + math.exp(-max(-_MOST, min(_MOST, sure))))

    def shares(self, text: str, vector: NDArray[np.float32] | None = None) -> NDArray[np.float32] | None:
        """How likely each label is beside the others, in their order; None as in `judge`."""
        evidence = self._evidence(text, vector)
        if evidence is None:
            return None
        powers = np.exp(evidence - evidence.max())
        shares: NDArray[np.float32] = powers / powers.sum()
        return shares

    def _evidence(self, text: str, vector: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
        """The sharpened evidence for each label."""
        places, squares = self._found(text)
        if vector is None and not places:
            return None
        evidence = self._bias if vector is None else self._bias + vector @ self._embedding
        return evidence + np.add.reduce(self._rows.take(places, 0)) * squares**-0.5 if places else evidence

    def _found(self, text: str) -> tuple[list[int], float]:
        """The rows of a text's terms, and the sum of the squares of all terms, known or not."""
        words = dict.fromkeys(words_of(text))
        places = [place for place in map(self._words.get, words) if place is not None]
        squares = sum(map(self._squares.__getitem__, places))
        if len(places) < len(words):
            for word in [word for word in words if word not in self._words]:
                inside, more = self._grams_in(word)
                places += inside
                squares += more + self._unknown
        return places, squares

    def _grams_in(self, word: str) -> tuple[list[int], float]:
        """The rows of a word's runs of characters, and the sum of the squares of all of them."""
        grams = grams_of(word)
        places = [place for place in map(self._grams.get, grams) if place is not None]
        return places, sum(map(self._squares.__getitem__, places)) + (len(grams) - len(places)) * self._unknown


def _weighed(rows: Rows, trained: TrainedClassifier) -> NDArray[np.float32]:
    """The weights of terms times how rare they are, one row each, sharpened."""
    if not rows:
        return np.zeros((0, len(trained.labels)), np.float32)
    written = np.array(list(rows.values()), np.float64)
    rare = np.array([rarity(row[0], trained.texts) for row in rows.values()])
    unit = trained.scale * trained.confidence.sharpness
    weighed: NDArray[np.float32] = (written[:, 1:] * (unit * rare)[:, None]).astype(np.float32)
    return weighed
