"""The entries of one cache in this process: it follows their log, and finds the nearest under an isolation key."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock, Thread, main_thread
from typing import TYPE_CHECKING, Final

from policy_engine.signals.caches.contents import Contents
from policy_engine.signals.caches.entry import Entry, decoded
from policy_engine.signals.caches.packed import captured
from policy_engine.state.log import Log, Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from policy_engine.signals.caches.saved import Saved

FOLLOW_EVERY_S: Final = 0.2
"""How old what this process knows of other processes' entries may be."""

CANDIDATES: Final = 5
"""How many of the nearest entries are looked at, since a guard may veto the very nearest."""

SAVED_FROM: Final = 2_000
"""From how many entries on they are saved in a file; fewer are soon read from the state."""

SAVED_EVERY: Final = 8
"""Of how many entries one must have changed for the file to be written anew, before the end."""

_PAUSE_S: Final = 0.0005
_CLOSE_S: Final = 5.0


class Directory:
    """
    A cache's entries as this process knows them. Safe under threads; each process makes its own.

    Its index is kept up, and its file written, in a thread of their own, which lives while there is something to do.

    Args:
        log, name: where the entries are.
        saved: the file that keeps them ready; None without one.
        ttl_s: how long an entry lives at most.
        clock: seconds that only go forward.
        aside: has a step done again and again until it tells that there is nothing more to do.
    """

    def __init__(
        self,
        log: Log,
        name: str,
        *,
        saved: Saved | None = None,
        ttl_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        aside: Callable[[Callable[[], bool]], Thread | None] | None = None,
    ) -> None:
        self._log = log
        self._name = name
        self._saved = saved
        self._ttl_s = ttl_s
        self._clock = clock
        self._aside = aside or in_thread
        self._lock = Lock()
        self._contents = Contents()
        self._is_open = False
        self._own: set[int] = set()  # positions of what this process appended and has not read yet
        self._position = 0
        self._saved_at: int | None = None
        self._changes = 0
        self._now_s = 0.0
        self._followed_s: float | None = None
        self._thread: Thread | None = None
        self._is_tending = self._is_closing = False

    def follow(self, now_s: float) -> None:
        """Takes over what has changed, unless it was asked a moment ago. Blocks while it reads."""
        moment = self._clock()
        if self._followed_s is not None and moment - self._followed_s < FOLLOW_EVERY_S:
            return
        with self._lock:
            self._followed_s, self._now_s = moment, now_s
            if not self._is_open:
                self._open(now_s)
            while records := self._log.since(self._name, self._position, now_s=now_s):
                for record in records:
                    self._take(record)
                    self._position = record.position
            self._own = {position for position in self._own if position > self._position}
        self._wake()

    def hurry(self) -> None:
        """Has the next `follow` read what has changed, however lately the last one did."""
        with self._lock:
            self._followed_s = None

    def put(self, entry: Entry, position: int) -> None:
        """Knows an entry at once that this process has appended itself."""
        with self._lock:
            self._contents.put(entry)
            self._own.add(position)
            self._changes += 1
        self._wake()

    def drop(self, ids: tuple[str, ...]) -> None:
        """Forgets entries at once that this process has removed itself."""
        with self._lock:
            for id in ids:
                self._contents.drop(id)
            self._changes += len(ids)
        self._wake()

    def same(self, key: str, normal: str, *, now_s: float) -> Entry | None:
        """The entry of the very same text."""
        with self._lock:
            entry = self._contents.same(key, normal)
        return entry if entry is not None and entry.until_s > now_s else None

    def nearest(self, key: str, vector: NDArray[np.float32], *, enough: float = math.inf) -> list[tuple[str, float]]:
        """
        The names of the entries whose texts are most similar, with their similarity, the most similar first.

        Args:
            enough: from which similarity on a quick look will do, see `Neighbours.nearest`.
        """
        with self._lock:
            return self._contents.nearest(key, vector, CANDIDATES, enough=enough)

    def text(self, id: str, *, now_s: float) -> str | None:
        """The text of the entry of that name."""
        with self._lock:
            return self._contents.text(id, now_s=now_s)

    def used(self, id: str) -> None:
        """Remembers that an entry was of use."""
        with self._lock:
            self._contents.used(id)

    def surplus(self, most: int, now_s: float) -> tuple[str, ...]:
        """Entries that are over, and if there are more than so many, the least used, a few more than need be."""
        with self._lock:
            contents = self._contents
            if len(contents) <= most:
                return ()
            over = dict.fromkeys(contents.over(now_s))
            excess = len(contents) - len(over) - most
            if excess <= 0:
                return tuple(over)
            # A hundredth more, so that not every further entry has to look for the least used.
            wanted = excess + most // 100
            left = [id for id in contents.least_used(wanted + len(over)) if id not in over]
            return (*over, *left[:wanted])

    def entries(self, now_s: float) -> tuple[Entry, ...]:
        """All entries, the least used first."""
        with self._lock:
            return tuple(entry for entry in self._contents.all() if entry.until_s > now_s)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be done aside: the index has every entry, and the file is as new as it gets."""
        with self._lock:
            return not self._is_tending and self._contents.is_tidy

    def close(self) -> None:
        """Ends what is done aside, and saves what has changed. Asking on is fine."""
        with self._lock:
            self._is_closing = True
            thread = self._thread
        if thread is not None:
            thread.join(_CLOSE_S)
        if not self._is_tending:
            self._save(least=1)
        self._is_closing = False

    def _open(self, now_s: float) -> None:
        """Begins with what the file has, less what is over by now."""
        read = None if self._saved is None else self._saved.read(now_s)
        self._is_open = True
        if read is None:
            return
        self._contents, self._position = read
        self._saved_at = read.position
        self._own.clear()
        for id in self._contents.over(now_s):
            self._contents.drop(id)

    def _take(self, record: Record) -> None:
        if record.position in self._own:
            return
        self._changes += 1
        entry = None if record.value is None else decoded(record.entry, record.value, until_s=record.until_s)
        if entry is None:
            self._contents.drop(record.entry)
        else:
            self._contents.put(entry)

    def _wake(self) -> None:
        """Has done aside what there is to do."""
        with self._lock:
            if self._is_tending or (self._contents.is_tidy and not self._is_due(self._least())):
                return
            self._is_tending = True
        self._thread = self._aside(self._step)

    def _step(self) -> bool:
        """Does a little of what there is to do; tells whether there may be more."""
        with self._lock:
            if not self._is_closing and not self._contents.is_tidy:
                # If this fails the thread says so and nothing is tended any more: searching gets slower, not wrong.
                self._contents.tend()
                return True
            is_closing = self._is_closing
        try:
            if not is_closing:
                self._save(least=self._least())
        finally:
            with self._lock:
                # What came while the file was written has woken nobody.
                self._is_tending = not self._is_closing and not self._contents.is_tidy
        return self._is_tending

    def _least(self) -> int:
        return max(1, len(self._contents) // SAVED_EVERY)

    def _is_due(self, least: int) -> bool:
        is_worth_it = len(self._contents) >= SAVED_FROM and self._changes >= least
        return self._saved is not None and self._is_open and is_worth_it

    def _save(self, *, least: int) -> None:
        """Writes the file, if so many entries have changed. Nothing else may change the index meanwhile."""
        with self._lock:
            if self._saved is None or not self._is_due(least):
                return
            taken = captured(self._contents, self._position)
            self._changes = 0
            since, self._saved_at = self._saved_at, self._position
        self._saved.write(taken, since=since, now_s=self._now_s, until_s=self._now_s + self._ttl_s)


def in_thread(step: Callable[[], bool]) -> Thread:
    """Has a step done again and again in a thread, which ends with the program too."""

    def work() -> None:
        while main_thread().is_alive() and step():
            time.sleep(_PAUSE_S)  # so that those who wait for a lookup get their turn

    thread = Thread(target=work, name="policy_engine-cache")
    thread.start()
    return thread
