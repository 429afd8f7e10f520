"""Nearest neighbours among vectors: exactly while they are few, by an index where they are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_UP_TO: Final = 10_000
"""How many vectors are compared one by one; beyond it usearch is asked, where it is installed."""

_FIRST_ROWS: Final = 16
_CANDIDATES: Final = 16
_EXPANSION: Final = 128


class Neighbours:
    """
    Vectors by slot number; not safe under threads by itself.

    Args:
        dimensions: of each vector.
        exact_up_to: see `EXACT_UP_TO`.
    """

    def __init__(self, dimensions: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self.dimensions = dimensions
        self._exact_up_to = exact_up_to
        self._rows = np.zeros((_FIRST_ROWS, dimensions), np.float32)
        self._used = 0
        self._free: list[int] = []
        self._index: Any = None
        self._can_index = True

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(self, vector: NDArray[Any]) -> int:
        """Adds a vector and gives its slot; slots of removed vectors are given again."""
        slot = self._free.pop() if self._free else self._used
        if slot == self._used:
            self._used += 1
        if slot >= len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[slot] = vector
        if self._index is not None:
            self._index.add(slot, self._rows[slot])
        elif self._used > self._exact_up_to and self._can_index:
            self._index = _indexed(self._rows[: self._used])
            self._can_index = self._index is not None
        return slot

    def remove(self, slot: int) -> None:
        """Removes a vector."""
        self._rows[slot] = 0.0
        self._free.append(slot)
        if self._index is not None:
            self._index.remove(slot)

    def nearest(self, vector: NDArray[np.float32], count: int) -> list[tuple[int, float]]:
        """Up to so many slots and their similarities, the most similar first; none below zero."""
        if not len(self):
            return []
        if self._index is not None:
            found = np.asarray(self._index.search(vector, max(count, _CANDIDATES)).keys, np.int64)
            similarities = self._rows[found] @ vector
        else:
            similarities = self._rows[: self._used] @ vector
            found = np.arange(self._used)
            if self._used > count:
                found = np.argpartition(similarities, -count)[-count:]
                similarities = similarities[found]
        order = np.argsort(-similarities, kind="stable")[:count]
        return [(int(found[at]), float(similarities[at])) for at in order if similarities[at] > 0]


def _indexed(rows: NDArray[np.float32]) -> Any:
    """An index of rows by their number; None where usearch is not installed."""
    try:
        from usearch.index import Index
    except ImportError:
        return None
    index = Index(ndim=rows.shape[1], metric="ip", dtype="f16", expansion_search=_EXPANSION)
    present = np.flatnonzero(rows.any(axis=1))
    index.add(present, rows[present])
    return index
