"""Counters and leases on a Redis server, each change of them one script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from policy_engine.errors import StateError
from policy_engine.state.redis_server import RedisServer, Script
from policy_engine.state.redis_time import PREAMBLE, Moments, written
from policy_engine.state.state import LATE_SETTLE_S, Ceiling

_MOST: Final = 2**62

# Amounts are added up by HINCRBY, in 64-bit integers, and travel as text: Lua's own numbers lose digits beyond 2^53.
# INVARIANT: after `tidy` nothing here is over, and `held` has for each counter the sum of what its live leases hold.
_TIDY: Final = (
    PREAMBLE
    + """
local added, ends, held, leases, held_until, late_until = unpack(KEYS)

local function negative(amount)
  if string.sub(amount, 1, 1) == '-' then return string.sub(amount, 2) end
  return amount == '0' and amount or '-' .. amount
end

local function increase(hash, counter, amount)
  if amount ~= '0' then redis.call('HINCRBY', hash, counter, amount) end
end

local function lease_of(name)
  local found = redis.call('HGET', leases, name)
  return found and cjson.decode(found)
end

local function release(lease)
  for index, counter in ipairs(lease.counters) do
    increase(held, counter, negative(lease.amounts[index]))
    if redis.call('HGET', held, counter) == '0' then redis.call('HDEL', held, counter) end
  end
end

local function add(counter, amount, moment)
  increase(added, counter, amount)
  local before = redis.call('ZSCORE', ends, counter)
  if not before or tonumber(before) < moment then redis.call('ZADD', ends, text(moment), counter) end
end

local function tidy()
  for _, name in ipairs(ended(held_until)) do
    local lease = lease_of(name)
    if lease then release(lease) end
    redis.call('ZREM', held_until, name)
  end
  for _, counter in ipairs(ended(ends)) do
    redis.call('HDEL', added, counter)
    redis.call('ZREM', ends, counter)
  end
  for _, name in ipairs(ended(late_until)) do
    redis.call('HDEL', leases, name)
    redis.call('ZREM', late_until, name)
  end
end

local function keep() keep_until(math.max(latest(ends), latest(late_until))) end

local function counts(counters)
  if #counters == 0 then return {{}, {}} end
  return {redis.call('HMGET', added, unpack(counters)), redis.call('HMGET', held, unpack(counters))}
end

tidy()
"""
)

_ADD: Final = Script(
    _TIDY
    + """
local moment = ARGV[3] + shift
for index = 4, #ARGV, 2 do add(ARGV[index], ARGV[index + 1], moment) end
keep()
"""
)

_COUNTS: Final = Script(_TIDY + "return counts({unpack(ARGV, 3)})")

# A lease that is there already was held by a try whose answer was lost.
_LEASE: Final = (
    _TIDY
    + """
local function hold(first)
  local name, moment, late = ARGV[3], ARGV[4] + shift, ARGV[6] + shift
  local lease = {counters = {}, amounts = {}, counted = text(ARGV[5] + shift)}
  for index = first, #ARGV, 2 do
    table.insert(lease.counters, ARGV[index])
    table.insert(lease.amounts, ARGV[index + 1])
  end
  if redis.call('HEXISTS', leases, name) == 0 then
    redis.call('HSET', leases, name, cjson.encode(lease))
    redis.call('ZADD', late_until, text(late), name)
    if moment > now then
      redis.call('ZADD', held_until, text(moment), name)
      for index, counter in ipairs(lease.counters) do increase(held, counter, lease.amounts[index]) end
    end
    keep()
  end
  return lease.counters
end
"""
)

_HOLD: Final = Script(_LEASE + "return counts(hold(7))")

# The share travels as a fraction, so that nothing is rounded: counters of a ceiling count requests, not money.
_ADMIT: Final = Script(
    _LEASE
    + """
local most, numerator, denominator, least = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local last_of_part = 12 + ARGV[11]
local last_of_whole = last_of_part + ARGV[12]
local function sum(first, last)
  local stand, total = counts({unpack(ARGV, first, last)}), 0
  for index = 1, last - first + 1 do
    total = total + (tonumber(stand[1][index] or 0) or 0) + (tonumber(stand[2][index] or 0) or 0)
  end
  return total
end
local whole = sum(last_of_part + 1, last_of_whole)
if whole >= least and (sum(13, last_of_part) - most) * denominator > numerator * whole then return 0 end
hold(last_of_whole + 1)
return 1
"""
)

_SETTLE: Final = Script(
    _TIDY
    + """
local name, given = ARGV[3], {}
for index = 4, #ARGV, 2 do given[ARGV[index]] = ARGV[index + 1] end
local lease = lease_of(name)
if not lease then return 0 end
redis.call('HDEL', leases, name)
redis.call('ZREM', late_until, name)
if redis.call('ZREM', held_until, name) == 1 then release(lease) end
for index, counter in ipairs(lease.counters) do
  add(counter, given[counter] or lease.amounts[index], tonumber(lease.counted))
end
keep()
return 1
"""
)


class RedisCounters:
    """
    The counters and leases of a state; the methods are those of a `State`.

    They are all on one node of a cluster, since a lease spans counters and what it does to them is done at once.
    """

    def __init__(self, server: RedisServer, moments: Moments) -> None:
        self._server = server
        self._moments = moments
        kinds = ("added", "ends", "held", "leases", "held_until", "late_until")
        self._keys = tuple(f"{server.prefix}:{{counters}}:{kind}" for kind in kinds)

    def add(self, amounts: Mapping[str, int], *, now_s: float, until_s: float) -> None:
        """Adds to counters."""
        self._run(_ADD, now_s, written(until_s), *self._pairs(amounts))

    def counts(self, counters: Sequence[str], *, now_s: float) -> tuple[int, ...]:
        """What counters stand at."""
        return _sums(self._run(_COUNTS, now_s, *counters))

    def hold(
        self, lease: str, amounts: Mapping[str, int], *, now_s: float, until_s: float, counted_until_s: float
    ) -> tuple[int, ...]:
        """Holds amounts of counters; again under the same name, only says what the counters stand at."""
        moments = map(written, (until_s, counted_until_s, until_s + LATE_SETTLE_S))
        return _sums(self._run(_HOLD, now_s, lease, *moments, *self._pairs(amounts)))

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
        moments = map(written, (until_s, counted_until_s, until_s + LATE_SETTLE_S))
        share = (ceiling.share.numerator, ceiling.share.denominator)
        bounds = map(str, (ceiling.most, *share, ceiling.least, len(ceiling.part), len(ceiling.whole)))
        looked_at = (*ceiling.part, *ceiling.whole)
        return bool(self._run(_ADMIT, now_s, lease, *moments, *bounds, *looked_at, *self._pairs(amounts)))

    def settle(self, lease: str, amounts: Mapping[str, int], *, now_s: float) -> bool:
        """Ends a lease and adds to its counters, once."""
        return bool(self._run(_SETTLE, now_s, lease, *self._pairs(amounts)))

    def _run(self, script: Script, now_s: float, *arguments: str) -> Any:
        return self._server.run(script, self._keys, *self._moments.sent(now_s), *arguments)

    def _pairs(self, amounts: Mapping[str, int]) -> Iterable[str]:
        for counter, amount in amounts.items():
            if abs(amount) > _MOST:
                raise StateError(self._server.place, "an amount is too large to count")
            yield counter
            yield str(int(amount))


def _sums(found: Sequence[Sequence[bytes | None]]) -> tuple[int, ...]:
    added, held = found
    return tuple(int(one or 0) + int(other or 0) for one, other in zip(added, held, strict=True))
