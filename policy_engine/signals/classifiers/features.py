"""What a classifier reads in a text: its words, and the runs of characters in its words."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final

MAX_CHARS: Final = 4_000
"""How much of a text is read."""

GRAM_LENGTHS: Final = (3, 4)

_WORD: Final = re.compile(r"\w+")


def words_of(text: str) -> list[str]:
    """The words of a text in their order, in lower case."""
    text = text[:MAX_CHARS]
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _WORD.findall(text.lower())


def grams_of(word: str) -> list[str]:
    """The runs of characters in a word, its ends marked by a space."""
    marked = f" {word} "
    size = len(marked) + 1
    return [marked[i : i + length] for length in GRAM_LENGTHS for i in range(size - length)]


def rarity(count: int, texts: int) -> float:
    """
    How much a term says: the smoothed inverse document frequency, log((1 + texts) / (1 + count)) + 1.

    A term that was in no text counts as if it had been in one.
    """
    return math.log((1 + texts) / (1 + max(1, count))) + 1
