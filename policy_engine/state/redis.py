"""State on a Redis or Valkey server: exact between all who use that server, on whatever machine."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from policy_engine.errors import StateError
from policy_engine.state.process import PerProcess
from policy_engine.state.redis_counters import RedisCounters
from policy_engine.state.redis_log import RedisLog
from policy_engine.state.redis_server import RedisServer, Script, Unsent
from policy_engine.state.redis_time import PREAMBLE, Moments, written
from policy_engine.state.state import Ceiling

MOST_OWED = 100_000
"""How many settlements a process remembers that it could not make; of more, the oldest are lost."""

_OWED_AT_ONCE: Final = 16
_CLOSING_S: Final = 2.0

_GET: Final = Script(
    PREAMBLE
    + """
local found = redis.call('HMGET', KEYS[1], 'value', 'until')
return found[2] and tonumber(found[2]) > now and found[1]
"""
)
_PUT: Final = Script(
    PREAMBLE
    + """
local moment = ARGV[3] + shift
redis.call('HSET', KEYS[1], 'value', ARGV[4], 'until', text(moment))
keep_until(moment)
"""
)


class RedisState:
    """
    A `State` on a Redis server, shared by all processes that use the same server and prefix.

    The server's clock counts: moments of a caller whose clock is wrong are moved by as much. What was held for a call
    that was made while the server went out of reach is settled once it is back, within a day, if the process still
    lives; until then it stays held. Whether a change was made whose answer was lost cannot be told, and it is not made
    again: `add` may then have counted what it says it has not.

    Args:
        address: see `RedisServer`.
        wall_s, clock: Unix seconds, and seconds that only go forward.

    Attributes:
        log: the logs on the same server.

    Raises:
        MissingExtra: redis-py is not installed.
        ValueError: it is no such address.
    """

    blocking = True
    place = None

    def __init__(
        self,
        address: str,
        *,
        wall_s: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._server = RedisServer(address, clock=clock)
        self._moments = Moments(wall_s)
        self._counters = RedisCounters(self._server, self._moments)
        self._owed: PerProcess[deque[_Owed]] = PerProcess(lambda: deque(maxlen=MOST_OWED))
        self.log = RedisLog(self._server, self._moments)

    def get(self, key: str, *, now_s: float) -> bytes | None:
        """The entry of this key, or None if there is none any more."""
        value: bytes | None = self._entry(_GET, key, now_s)
        return value

    def put(self, key: str, value: bytes, *, now_s: float, until_s: float) -> None:
        """Replaces an entry."""
        self._entry(_PUT, key, now_s, written(until_s), value)

    def delete(self, key: str) -> None:
        """Removes an entry, if there is one."""
        self._server.call("DEL", self._key(key))

    def add(self, amounts: Mapping[str, int], *, now_s: float, until_s: float) -> None:
        """Adds to counters, to all of them or none."""
        self._counters.add(amounts, now_s=now_s, until_s=until_s)
        self._pay()

    def counts(self, keys: Sequence[str], *, now_s: float) -> tuple[int, ...]:
        """What the counters stand at, with what leases hold of them."""
        return self._counters.counts(keys, now_s=now_s)

    def hold(
        self, lease: str, amounts: Mapping[str, int], *, now_s: float, until_s: float, counted_until_s: float
    ) -> tuple[int, ...]:
        """Holds amounts of counters, and says what each counter stands at then."""
        with self._given_back(lease, amounts, now_s):
            used = self._counters.hold(lease, amounts, now_s=now_s, until_s=until_s, counted_until_s=counted_until_s)
        self._pay()
        return used

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
        until: dict[str, float] = {"until_s": until_s, "counted_until_s": counted_until_s}
        with self._given_back(lease, amounts, now_s):
            is_held = self._counters.admit(lease, amounts, ceiling=ceiling, now_s=now_s, **until)
        self._pay()
        return is_held

    def settle(self, lease: str, amounts: Mapping[str, int], *, now_s: float) -> bool:
        """
        Ends a lease and adds to its counters, once.

        Raises:
            StateError: it could not be done yet. It will be, once the server can be reached.
        """
        try:
            settled = self._counters.settle(lease, amounts, now_s=now_s)
        except StateError:
            self._owe(lease, amounts, now_s)
            raise
        self._pay()
        return settled

    def close(self) -> None:
        """Settles what is left to settle, if that is quickly done, and closes this process's connections."""
        until_s = self._clock() + _CLOSING_S
        while self._pay() and self._clock() < until_s:
            pass
        self._server.close()

    @contextmanager
    def _given_back(self, lease: str, amounts: Mapping[str, int], now_s: float) -> Iterator[None]:
        """Gives back what may be held although the answer was lost: the caller makes no use of it."""
        try:
            yield
        except Unsent:
            raise
        except StateError:
            self._owe(lease, dict.fromkeys(amounts, 0), now_s)
            raise

    def _owe(self, lease: str, amounts: Mapping[str, int], now_s: float) -> None:
        self._owed.get().append(_Owed(lease=lease, amounts=amounts, now_s=now_s, at_s=self._clock()))

    def _pay(self) -> bool:
        """Makes some of the settlements that could not be made before; whether there are more that can be."""
        owed = self._owed.get()
        for _ in range(min(len(owed), _OWED_AT_ONCE)):
            try:
                one = owed.popleft()
            except IndexError:  # another thread was faster
                return False
            try:
                self._counters.settle(one.lease, one.amounts, now_s=one.now_s + self._clock() - one.at_s)
            except StateError:
                owed.appendleft(one)
                return False
        return bool(owed)

    def _entry(self, script: Script, key: str, now_s: float, *arguments: str | bytes) -> Any:
        return self._server.run(script, (self._key(key),), *self._moments.sent(now_s), *arguments)

    def _key(self, key: str) -> str:
        return f"{self._server.prefix}:entry:{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    """A settlement that could not be made: what was asked, at which moment, and when that was by the clock."""

    lease: str
    amounts: Mapping[str, int]
    now_s: float
    at_s: float
