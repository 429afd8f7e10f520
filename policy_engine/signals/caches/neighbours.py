"""Nearest neighbours among vectors: exactly while they are few, by an index where they are many."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_UP_TO: Final = 2_000
"""How many vectors are compared one by one; beyond it usearch is asked, where it is installed."""

AT_A_TIME: Final = 5
"""How many changes of an index are made while nobody can search: about two milliseconds of work."""

_FIRST_ROWS: Final = 16
_CANDIDATES: Final = 6  # one more than are wanted at most, since the index compares in 8 bits
_CONNECTIVITY: Final = 16
_EXPANSION_ADD: Final = 192  # more work once for an entry, so that a quick look finds what a long one would
_QUICK: Final = 6
_THOROUGH: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    Neighbours as they are kept in a file.

    Attributes:
        rows: the vectors by slot, in 16-bit floats.
        free: slots without a vector.
        fresh: slots that the index does not have yet.
        doomed: slots without a vector that the index still has.
        index: the index as usearch writes it; None without one that is whole.
    """

    rows: NDArray[np.float16]
    free: tuple[int, ...]
    fresh: tuple[int, ...]
    doomed: tuple[int, ...]
    index: Any


class Neighbours:
    """
    Vectors by slot number; not safe under threads by itself.

    An index is made and changed by `tend` alone, a little at a time: until then vectors are compared one by one.

    Args:
        dimensions: of each vector.
        exact_up_to: see `EXACT_UP_TO`.
    """

    def __init__(self, dimensions: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self.dimensions = dimensions
        self._exact_up_to = exact_up_to
        self._rows: NDArray[Any] = np.zeros((_FIRST_ROWS, dimensions), np.float32)
        self._used = 0
        self._free: list[int] = []
        self._fresh: dict[int, None] = {}
        self._doomed: list[int] = []
        self._index: Any = None
        self._is_whole = False  # whether the index has all but the fresh ones
        self._can_index = True

    @classmethod
    def of(cls, kept: Kept, *, exact_up_to: int = EXACT_UP_TO) -> Neighbours:
        """
        Neighbours that were kept.

        Raises:
            ValueError: the index does not fit the vectors.
        """
        count, dimensions = kept.rows.shape
        made = cls(dimensions, exact_up_to=exact_up_to)
        index = None if kept.index is None else _loaded(kept.index, dimensions)
        kind = np.float32 if index is None else np.float16
        made._rows = np.zeros((count + max(_FIRST_ROWS, count // 8), dimensions), kind)
        made._rows[:count] = kept.rows
        made._used, made._free = count, list(kept.free)
        if index is None:
            made._free += kept.doomed
            return made
        made._index, made._is_whole = index, True
        made._fresh, made._doomed = dict.fromkeys(kept.fresh), list(kept.doomed)
        if len(index) != len(made) - len(kept.fresh) + len(kept.doomed):
            raise ValueError(f"its index has {len(index):,} of {len(made):,} vectors")
        return made

    def __len__(self) -> int:
        return self._used - len(self._free) - len(self._doomed)

    def add(self, vector: NDArray[Any]) -> int:
        """Adds a vector and gives its slot; slots of removed vectors are given again."""
        slot = self._free.pop() if self._free else self._used
        if slot == self._used:
            self._used += 1
        if slot >= len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[slot] = vector
        if self._index is not None:
            self._fresh[slot] = None
        return slot

    def remove(self, slot: int) -> None:
        """Removes a vector; it is not found from now on."""
        self._rows[slot] = 0.0
        if self._index is None or slot in self._fresh:
            self._fresh.pop(slot, None)
            self._free.append(slot)
        else:
            self._doomed.append(slot)

    @property
    def is_tidy(self) -> bool:
        """Whether `tend` has nothing to do."""
        if self._index is None:
            return len(self) <= self._exact_up_to or not self._can_index
        return self._is_whole and not self._fresh and not self._doomed

    def tend(self, most: int = AT_A_TIME) -> None:
        """Takes so many changes into the index, which is begun if it is time for one."""
        if self.is_tidy:
            return
        if self._index is None:
            self._begin()
        elif self._doomed:
            gone, self._doomed = self._doomed[:most], self._doomed[most:]
            for slot in gone:
                self._index.remove(slot)
            self._free += gone
        elif self._fresh:
            slots = np.fromiter(islice(self._fresh, most), np.int64)
            self._index.add(slots, self._rows[slots], threads=1)
            for slot in slots.tolist():
                del self._fresh[slot]
        if self._index is not None and not self._fresh and not self._is_whole:
            self._is_whole = True
            self._rows = self._rows.astype(np.float16)  # few of them are compared from now on

    def nearest(self, vector: NDArray[np.float32], count: int, *, enough: float = math.inf) -> list[tuple[int, float]]:
        """
        Up to so many slots and their similarities, the most similar first; none that is not above zero.

        Args:
            enough: from which similarity on a quick look will do, which misses the nearest once in several hundred
                times; where it finds none as similar, a thorough one follows.
        """
        if not len(self):
            return []
        if not self._is_whole:
            # Row by row: in one product the linear algebra library may take several threads, which cost more than
            # they give, and many times more where other processes compute too.
            return _best(np.vecdot(self._rows[: self._used], vector), count)
        found = self._looked_up(vector, count) if enough <= 1 else []
        if found and found[0][1] >= enough:
            return found
        self._index.expansion_search = _THOROUGH
        try:
            return self._looked_up(vector, count)
        finally:
            self._index.expansion_search = _QUICK

    def _looked_up(self, vector: NDArray[np.float32], count: int) -> list[tuple[int, float]]:
        """What the index finds, compared with the vectors themselves."""
        slots = self._index.search(vector, max(count, _CANDIDATES), threads=1).keys.tolist()
        slots += self._fresh
        similarities = np.vecdot(self._rows.take(slots, axis=0), vector).tolist()
        found = sorted(zip(similarities, slots, strict=True), reverse=True)
        return [(slot, similarity) for similarity, slot in found[:count] if similarity > 0]

    def kept(self) -> Kept:
        """What to keep of it. The rows are its own: whoever takes them may find in them what was added since."""
        whole = self._is_whole
        return Kept(
            rows=self._rows[: self._used],
            free=tuple(self._free) if whole else (*self._free, *self._doomed),
            fresh=tuple(self._fresh) if whole else (),
            doomed=tuple(self._doomed) if whole else (),
            index=self._index if whole else None,
        )

    def _begin(self) -> None:
        self._index = _index(self.dimensions)
        self._can_index = self._index is not None
        if self._can_index:
            self._fresh = dict.fromkeys(sorted(set(range(self._used)) - set(self._free)))


def _best(similarities: NDArray[np.float32], count: int) -> list[tuple[int, float]]:
    """The places of the greatest similarities above zero, and these."""
    found = []
    for _ in range(min(count, len(similarities))):
        place = int(similarities.argmax())  # a few times over is faster than sorting, however many there are
        similarity = float(similarities[place])
        if not similarity > 0:
            break
        found.append((place, similarity))
        similarities[place] = 0.0
    return found


def _loaded(content: Any, dimensions: int) -> Any:
    """An index that usearch wrote; None where usearch is not installed."""
    index = _index(dimensions)
    if index is None:
        return None
    try:
        index.load(content)
    except Exception as error:  # usearch documents none
        raise ValueError(f"usearch cannot read its index: {error}") from error
    if index.ndim != dimensions:
        raise ValueError(f"its index is for {index.ndim} dimensions")
    return index


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
        ndim=dimensions,
        metric="ip",
        dtype="i8",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_QUICK,
    )
