"""Logs on a Redis server: appended to by any process, and followed by all into what they keep themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from policy_engine.state.log import PAGE, Record
from policy_engine.state.redis_server import RedisServer, Script
from policy_engine.state.redis_time import PREAMBLE, Moments, written

_AT_ONCE: Final = 1_000

# A position is the microsecond of the change, or the next number if that is taken: a log that was lost and begins anew
# goes on above what its followers have read. Numbers of that size are exact in Lua until the year 2255.
_TIDY: Final = (
    PREAMBLE
    + """
local positions, ends, values, last = unpack(KEYS)

local function place(entry)
  local position = math.max(tonumber(redis.call('GET', last) or 0) + 1, time[1] * 1000000 + time[2])
  local as_text = string.format('%.0f', position)
  redis.call('SET', last, as_text)
  redis.call('ZADD', positions, as_text, entry)
  return as_text
end

local function tidy(most)
  local over = ended(ends, 'LIMIT', 0, most)
  if #over > 0 then
    for _, key in ipairs({positions, ends}) do redis.call('ZREM', key, unpack(over)) end
    redis.call('HDEL', values, unpack(over))
  end
  return #over
end
"""
)

_APPEND: Final = Script(
    _TIDY
    + """
tidy(500)
local entry = ARGV[4]
local position = place(entry)
redis.call('ZADD', ends, text(ARGV[3] + shift), entry)
redis.call('HSET', values, entry, ARGV[5])
keep_until(latest(ends))
return position
"""
)

_REMOVE: Final = Script(
    _TIDY
    + """
local removed = 0
for index = 3, #ARGV do
  local entry = ARGV[index]
  local moment = redis.call('ZSCORE', ends, entry)
  if moment and tonumber(moment) > now and redis.call('HDEL', values, entry) == 1 then
    place(entry)
    removed = removed + 1
  end
end
if removed > 0 then keep_until(latest(ends)) end
return removed
"""
)

_SINCE: Final = Script(
    _TIDY
    + """
local records, after, left = {}, '(' .. ARGV[3], tonumber(ARGV[4])
while left > 0 do
  local page = redis.call('ZRANGEBYSCORE', positions, after, '+inf', 'WITHSCORES', 'LIMIT', 0, left)
  if #page == 0 then break end
  for index = 1, #page, 2 do
    local entry, position = page[index], page[index + 1]
    local moment = tonumber(redis.call('ZSCORE', ends, entry) or 0)
    if moment > now then
      table.insert(records, {position, entry, redis.call('HGET', values, entry), text(moment - shift)})
      left = left - 1
    end
    after = '(' .. position
  end
end
return records
"""
)

_IS_LIVE: Final = Script(
    _TIDY
    + """
while tidy(1000) > 0 do end
return redis.call('HLEN', values)
"""
)


class RedisLog:
    """A `Log` on a Redis server. The keys of one log are on one node of a cluster, those of others maybe elsewhere."""

    def __init__(self, server: RedisServer, moments: Moments) -> None:
        self._server = server
        self._moments = moments
        self._names = f"{server.prefix}:logs"

    def append(self, log: str, entry: str, value: bytes, *, now_s: float, until_s: float) -> int:
        """Adds an entry, in place of one of the same name, and gives its position."""
        self._server.call("SADD", self._names, log)  # first, since a log is nowhere else to be found
        return int(self._run(_APPEND, log, now_s, written(until_s), entry, value))

    def remove(self, log: str, entries: Sequence[str], *, now_s: float) -> int:
        """Removes entries, a thousand at once; gives how many of them were there."""
        chunks = (entries[start : start + _AT_ONCE] for start in range(0, len(entries), _AT_ONCE))
        return sum(int(self._run(_REMOVE, log, now_s, *chunk)) for chunk in chunks)

    def since(self, log: str, position: int, *, now_s: float, limit: int = PAGE) -> tuple[Record, ...]:
        """The records after a position, in order, at most so many."""
        found = self._run(_SINCE, log, now_s, str(position), str(limit))
        return tuple(
            Record(position=int(float(at)), entry=entry.decode(), value=value, until_s=float(until_s))
            for at, entry, value, until_s in found
        )

    def names(self, prefix: str, *, now_s: float) -> tuple[str, ...]:
        """The logs that have entries and whose names begin like this, sorted."""
        known = sorted(name.decode() for name in self._server.call("SMEMBERS", self._names))
        return tuple(name for name in known if name.startswith(prefix) and self._run(_IS_LIVE, name, now_s))

    def _run(self, script: Script, log: str, now_s: float, *arguments: str | bytes) -> Any:
        # INVARIANT: keys of one log have the same hash tag, whatever its name; one with `}` in it ends there in all.
        keys = tuple(f"{self._server.prefix}:{{log:{log}}}:{kind}" for kind in ("positions", "ends", "values", "last"))
        return self._server.run(script, keys, *self._moments.sent(now_s), *arguments)
