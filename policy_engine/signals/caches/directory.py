"""The entries of one cache in this process: it follows their log, and finds the nearest under an isolation key."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

from policy_engine.signals.caches.entry import Entry, decoded
from policy_engine.signals.caches.neighbours import Neighbours
from policy_engine.state.log import Log, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLLOW_EVERY_S: Final = 0.2
"""How old what this process knows of other processes' entries may be."""

CANDIDATES: Final = 5
"""How many of the nearest entries are looked at, since a guard may veto the very nearest."""


@dataclass(slots=True)
class _Group:
    """Entries under one isolation key, by normal text and by the slot of their vector."""

    by_text: dict[str, str] = field(default_factory=dict)
    by_slot: dict[int, str] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)
    neighbours: Neighbours | None = None


class Directory:
    """
    A cache's entries as this process knows them. Safe under threads; each process makes its own.

    Args:
        log, name: where the entries are.
        clock: seconds that only go forward.
    """

    def __init__(self, log: Log, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._name = name
        self._clock = clock
        self._lock = Lock()
        self._entries: OrderedDict[str, Entry] = OrderedDict()  # the least used first
        self._groups: dict[str, _Group] = {}
        self._unsettled: list[Neighbours] = []
        self._position = 0
        self._followed_s: float | None = None

    def follow(self, now_s: float) -> None:
        """Takes over what has changed, unless it was asked a moment ago. Blocks while it reads."""
        moment = self._clock()
        if self._followed_s is not None and moment - self._followed_s < FOLLOW_EVERY_S:
            return
        with self._lock:
            self._followed_s = moment
            while records := self._log.since(self._name, self._position, now_s=now_s):
                for record in records:
                    self._take(record)
                    self._position = record.position
            self._settle()

    def hurry(self) -> None:
        """Has the next `follow` read what has changed, however lately the last one did."""
        with self._lock:
            self._followed_s = None

    def put(self, entry: Entry) -> None:
        """Knows an entry at once that this process has appended itself."""
        with self._lock:
            self._drop(entry.id)
            self._put(entry)
            self._settle()

    def drop(self, ids: tuple[str, ...]) -> None:
        """Forgets entries at once that this process has removed itself."""
        with self._lock:
            for id in ids:
                self._drop(id)

    def same(self, key: str, normal: str, *, now_s: float) -> Entry | None:
        """The entry of the very same text."""
        with self._lock:
            group = self._groups.get(key)
            entry = None if group is None else self._entries.get(group.by_text.get(normal, ""))
        return entry if entry is not None and entry.until_s > now_s else None

    def nearest(self, key: str, vector: NDArray[np.float32], *, now_s: float) -> tuple[tuple[Entry, float], ...]:
        """The entries whose texts are most similar, with their similarity, the most similar first."""
        with self._lock:
            group = self._groups.get(key)
            if group is None or group.neighbours is None:
                return ()
            found = group.neighbours.nearest(vector, CANDIDATES)
            entries = [(self._entries[group.by_slot[slot]], min(1.0, similarity)) for slot, similarity in found]
        return tuple((entry, similarity) for entry, similarity in entries if entry.until_s > now_s)

    def used(self, id: str) -> None:
        """Remembers that an entry was of use."""
        with self._lock:
            if id in self._entries:
                self._entries.move_to_end(id)

    def surplus(self, most: int, now_s: float) -> tuple[str, ...]:
        """Entries that are over, and if there are more than so many, the least used, a few more than need be."""
        with self._lock:
            if len(self._entries) <= most:
                return ()
            over = [id for id, entry in self._entries.items() if entry.until_s <= now_s]
            excess = len(self._entries) - len(over) - most
            gone = set(over)
            # A hundredth more, so that not every further entry has to look for the least used.
            left = (id for id in self._entries if id not in gone)
            extra = [id for id, _ in zip(left, range(excess + most // 100), strict=False)] if excess > 0 else []
        return (*over, *extra)

    def entries(self, now_s: float) -> Iterator[Entry]:
        """All entries, the least used first."""
        with self._lock:
            listed = tuple(self._entries.values())
        return (entry for entry in listed if entry.until_s > now_s)

    def _settle(self) -> None:
        for neighbours in self._unsettled:
            neighbours.settle()
        self._unsettled.clear()

    def _take(self, record: Record) -> None:
        self._drop(record.entry)
        entry = None if record.value is None else decoded(record.entry, record.value, until_s=record.until_s)
        if entry is not None:
            self._put(entry)

    def _put(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        group = self._groups.setdefault(entry.key, _Group())
        group.by_text[entry.normal] = entry.id
        if entry.vector is None:
            return
        if group.neighbours is None:
            group.neighbours = Neighbours(len(entry.vector))
        if len(entry.vector) != group.neighbours.dimensions:
            return  # none that an embedder of this cache made
        slot = group.neighbours.add(entry.vector)
        if group.neighbours not in self._unsettled:
            self._unsettled.append(group.neighbours)
        group.slots[entry.id], group.by_slot[slot] = slot, entry.id

    def _drop(self, id: str) -> None:
        entry = self._entries.pop(id, None)
        if entry is None:
            return
        group = self._groups[entry.key]
        if group.by_text.get(entry.normal) == id:
            del group.by_text[entry.normal]
        slot = group.slots.pop(id, None)
        if slot is not None and group.neighbours is not None:
            del group.by_slot[slot]
            group.neighbours.remove(slot)
        if not group.by_text and not group.slots:
            del self._groups[entry.key]
