"""Nearest neighbours among vectors: exactly while they are few, by an index where they are many."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_UP_TO: Final = 10_000
"""How many vectors are compared one by one; beyond it usearch is asked, where it is installed."""

_FIRST_ROWS: Final = 16
_CANDIDATES: Final = 16
_EXPANSION_ADD: Final = 64
_EXPANSION_SEARCH: Final = 96


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
        self._unsettled: set[int] = set()
        self._index: Any = None
        self._can_index = True

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(self, vector: NDArray[Any]) -> int:
        """Adds a vector and gives its slot; slots of removed vectors are given again. `settle` makes it found."""
        slot = self._free.pop() if self._free else self._used
        if slot == self._used:
            self._used += 1
        if slot >= len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[slot] = vector
        self._unsettled.add(slot)
        return slot

    def settle(self) -> None:
        """Takes what was added into the index, if there is one by now; many at a time cost much less each."""
        if self._index is None and self._used > self._exact_up_to and self._can_index:
            self._index = _index(self._rows.shape[1])
            self._can_index = self._index is not None
            self._unsettled = set(range(self._used)) - set(self._free)
        if self._index is not None and self._unsettled:
            slots = np.fromiter(self._unsettled, np.int64, len(self._unsettled))
            self._index.add(slots, self._rows[slots])
        self._unsettled.clear()

    def remove(self, slot: int) -> None:
        """Removes a vector."""
        self._rows[slot] = 0.0
        self._free.append(slot)
        if slot in self._unsettled:
            self._unsettled.discard(slot)
        elif self._index is not None:
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


def _index(dimensions: int) -> Any:
    """An empty index; None where usearch is not installed."""
    # Loaded after usearch, onnxruntime ends the process (usearch 2.26, onnxruntime 1.32), so it goes first.
    with suppress(ImportError):
        import onnxruntime  # noqa: F401  (only to have it loaded)
    try:
        from usearch.index import Index
    except ImportError:
        return None
    return Index(
        ndim=dimensions, metric="ip", dtype="i8", expansion_add=_EXPANSION_ADD, expansion_search=_EXPANSION_SEARCH
    )
