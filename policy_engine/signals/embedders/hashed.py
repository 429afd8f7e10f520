"""
The built-in embedder: hashed character n-grams.

It needs no weights and costs microseconds, and it is honest about what it can do: it finds texts that are written
nearly alike (a typo, another ending, words moved about), not texts that mean the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.signals.embedders.protocol import Vectors

DIMENSIONS: Final = 512
MAX_CHARS: Final = 100_000
"""How much of a text is looked at."""

_LENGTHS: Final = (3, 4)
# Odd multipliers that spread bits well (golden ratio, and the finaliser of MurmurHash3); part of the identity.
_STEP: Final = np.uint32(0x9E3779B1)
_MIX: Final = np.uint32(0x85EBCA6B)
_SHIFT: Final = np.uint32(15)
_SIGN_BIT: Final = np.uint32(1 << 31)


class HashedEmbedder:
    """
    Vectors of signed counts of character n-grams, damped by a square root.

    The same text has the same vector on every machine.
    """

    identity: Final = "hashed/1"
    blocking: Final = False

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text; zeros for one of white space only."""
        rows = np.empty((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = _vector(plain(text))
        return rows


def plain(text: str) -> str:
    """A text in one case and one Unicode form, with single spaces; empty if it holds nothing else."""
    return " ".join(unicodedata.normalize("NFKC", text[:MAX_CHARS]).casefold().split())


def _vector(text: str) -> NDArray[np.float64]:
    if not text:
        return np.zeros(DIMENSIONS)
    # A lone surrogate is no text, but must not end a request either.
    codes = np.frombuffer(f" {text} ".encode("utf-32-le", "surrogatepass"), "<u4")
    hashes = np.concatenate([_ngrams(codes, length) for length in _LENGTHS])
    signs = np.where(hashes & _SIGN_BIT, 1.0, -1.0)
    sums = np.bincount(hashes % np.uint32(DIMENSIONS), weights=signs, minlength=DIMENSIONS)
    damped = np.sign(sums) * np.sqrt(np.abs(sums))
    length = float(np.sqrt(damped @ damped))
    return damped / length if length else damped


def _ngrams(codes: NDArray[np.uint32], length: int) -> NDArray[np.uint32]:
    """A hash for each run of so many characters; none where the text is shorter."""
    count = len(codes) - length + 1
    if count < 1:
        return np.empty(0, np.uint32)
    hashes = np.full(count, length, np.uint32)
    for offset in range(length):
        hashes = (hashes ^ codes[offset : offset + count]) * _STEP
        hashes ^= hashes >> _SHIFT
    hashes *= _MIX
    return hashes ^ (hashes >> _SHIFT)
