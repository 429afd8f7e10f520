"""State in memory: exact under threads, of one process, gone with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from policy_engine.state.memory_log import MemoryLog
from policy_engine.state.process import PerProcess
from policy_engine.state.state import LATE_SETTLE_S, Ceiling

_SWEEP_EVERY = 1_024


@dataclass(slots=True)
class _Counter:
    added: int
    until_s: float


@dataclass(frozen=True, slots=True)
class _Lease:
    amounts: Mapping[str, int]
    until_s: float
    counted_until_s: float


class MemoryState:
    """
    A `State` in memory. A forked child goes on with a copy of its own.

    Attributes:
        log: the logs beside it.
    """

    blocking = False
    place = None

    def __init__(self) -> None:
        self.log = MemoryLog()
        self._lock = PerProcess(Lock)
        self._entries: dict[str, tuple[bytes, float]] = {}
        self._counters: dict[str, _Counter] = {}
        self._leases: dict[str, _Lease] = {}
        self._held: dict[str, set[str]] = {}  # counter → leases on it
        self._changes = 0

    def get(self, key: str, *, now_s: float) -> bytes | None:
        """The entry of this key, or None if there is none any more."""
        value, until_s = self._entries.get(key, (None, 0.0))
        return value if until_s > now_s else None

    def put(self, key: str, value: bytes, *, now_s: float, until_s: float) -> None:
        """Replaces an entry."""
        with self._lock.get():
            self._sweep(now_s)
            self._entries[key] = (value, until_s)

    def delete(self, key: str) -> None:
        """Removes an entry, if there is one."""
        with self._lock.get():
            self._entries.pop(key, None)

    def add(self, amounts: Mapping[str, int], *, now_s: float, until_s: float) -> None:
        """Adds to counters, to all of them or none."""
        with self._lock.get():
            self._sweep(now_s)
            for key, amount in amounts.items():
                self._add(key, amount, now_s, until_s)

    def counts(self, keys: Sequence[str], *, now_s: float) -> tuple[int, ...]:
        """What the counters stand at, with what leases hold of them."""
        with self._lock.get():
            return tuple(self._count(key, now_s) for key in keys)

    def hold(
        self, lease: str, amounts: Mapping[str, int], *, now_s: float, until_s: float, counted_until_s: float
    ) -> tuple[int, ...]:
        """Holds amounts of counters, and says what each counter stands at then."""
        with self._lock.get():
            self._sweep(now_s)
            self._hold(lease, _Lease(dict(amounts), until_s, counted_until_s))
            return tuple(self._count(key, now_s) for key in amounts)

    def admit(
        self,
        lease: str,
        amounts: Mapping[str, int],
        *,
        ceiling: Ceiling,
        now_s: float,
        until_s: float,
        counted_until_s: float,
    ) -> bool:
        """Holds amounts of counters, unless counters are above a ceiling; whether it did."""
        with self._lock.get():
            self._sweep(now_s)
            if ceiling.is_passed({key: self._count(key, now_s) for key in ceiling.counters}):
                return False
            self._hold(lease, _Lease(dict(amounts), until_s, counted_until_s))
            return True

    def settle(self, lease: str, amounts: Mapping[str, int], *, now_s: float) -> bool:
        """Ends a lease and adds to its counters, once."""
        with self._lock.get():
            known = self._leases.get(lease)
            if known is None or known.until_s + LATE_SETTLE_S <= now_s:
                return False
            self._forget(lease)
            for key, held in known.amounts.items():
                self._add(key, amounts.get(key, held), now_s, known.counted_until_s)
            return True

    def close(self) -> None:
        """Does nothing: there is nothing to let go of."""

    def _add(self, key: str, amount: int, now_s: float, until_s: float) -> None:
        counter = self._counters.get(key)
        if counter is None or counter.until_s <= now_s:
            self._counters[key] = _Counter(amount, until_s)
        else:
            counter.added += amount
            counter.until_s = max(counter.until_s, until_s)

    def _hold(self, name: str, lease: _Lease) -> None:
        self._leases[name] = lease
        for key in lease.amounts:
            self._held.setdefault(key, set()).add(name)

    def _count(self, key: str, now_s: float) -> int:
        counter = self._counters.get(key)
        added = counter.added if counter is not None and counter.until_s > now_s else 0
        held = self._held.get(key)
        if held is None:
            return added
        leases = map(self._leases.__getitem__, held)
        return added + sum(lease.amounts[key] for lease in leases if lease.until_s > now_s)

    def _forget(self, lease: str) -> None:
        for key in self._leases.pop(lease).amounts:
            self._held[key].discard(lease)
            if not self._held[key]:
                del self._held[key]

    def _sweep(self, now_s: float) -> None:
        """Now and then, frees what is over."""
        self._changes += 1
        if self._changes % _SWEEP_EVERY:
            return
        for key in [key for key, (_, until_s) in self._entries.items() if until_s <= now_s]:
            del self._entries[key]
        for key in [key for key, counter in self._counters.items() if counter.until_s <= now_s]:
            del self._counters[key]
        for name in [name for name, lease in self._leases.items() if lease.until_s + LATE_SETTLE_S <= now_s]:
            self._forget(name)
