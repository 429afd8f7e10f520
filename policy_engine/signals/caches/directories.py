"""The directories of all caches over one state, which outlive the policies that declare the caches."""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Lock
from typing import Final

from policy_engine.model.events import CacheFileFailed, Emit, harmless
from policy_engine.signals.caches.directory import Directory
from policy_engine.signals.caches.saved import Saved, path_beside
from policy_engine.state.process import PerProcess
from policy_engine.state.state import State

LOGS: Final = "cache/"
"""How the names of logs of entries begin; the cache's name follows, then the embedder's."""


class Directories:
    """
    One directory for each log of entries, per process. Safe under threads.

    Args:
        state: where the logs are.
        emit: told of files that cannot be used or written.
    """

    def __init__(self, state: State, *, emit: Emit | None = None) -> None:
        self._state = state
        self._emit = harmless(emit)
        self._lock = PerProcess(Lock)
        self._made: dict[str, PerProcess[Directory]] = {}

    def of(self, cache: str, identity: str, *, ttl_s: float) -> PerProcess[Directory]:
        """The directory of a cache; another embedder's is let go of, since a cache has one at a time."""
        log = f"{LOGS}{cache}/{identity}"
        with self._lock.get():
            for other in [made for made in self._made if made != log and made.startswith(f"{LOGS}{cache}/")]:
                del self._made[other]
            made = self._made.get(log)
            if made is None:
                made = self._made[log] = PerProcess(self._maker(cache, log, ttl_s))
            return made

    def only(self, caches: Collection[str]) -> None:
        """Lets go of the directories of other caches."""
        with self._lock.get():
            for log in [log for log in self._made if log.removeprefix(LOGS).partition("/")[0] not in caches]:
                del self._made[log]

    def close(self) -> None:
        """Saves what has changed. Asking on is fine."""
        for made in tuple(self._made.values()):
            directory = made.made()
            if directory is not None:
                directory.close()

    def _maker(self, cache: str, log: str, ttl_s: float) -> Callable[[], Directory]:
        place = self._state.place

        def tell(path: str, reason: str) -> None:
            self._emit(CacheFileFailed(cache=cache, path=path, reason=reason))

        def make() -> Directory:
            saved = None if place is None else Saved(path_beside(place, log), state=self._state, log=log, tell=tell)
            return Directory(self._state.log, log, saved=saved, ttl_s=ttl_s)

        return make
