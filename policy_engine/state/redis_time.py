"""Moments on a Redis server: its own clock counts, whatever the clocks of those who ask say."""

from __future__ import annotations

import time
from collections.abc import Callable

PREAMBLE = """
local time = redis.call('TIME')
local shift = time[1] + time[2] / 1000000 - ARGV[1]
if math.abs(shift) < 2 then shift = 0 end
local now = ARGV[2] + shift
local function text(number) return string.format('%.17g', number) end
local function ended(set, ...) return redis.call('ZRANGEBYSCORE', set, '-inf', text(now), ...) end
local function latest(set)
  local found = redis.call('ZRANGE', set, -1, -1, 'WITHSCORES')
  return tonumber(found[2]) or now
end
local function keep_until(moment)
  local left_ms = string.format('%.0f', math.ceil((moment - now) * 1000) + 60000)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, left_ms) end
end
"""
"""
The beginning of scripts whose first arguments are `sent`.

`now` is the present moment by the server's clock, and `shift` what to add to a moment of the caller's to have it by
that clock: nothing if the two are less than two seconds apart, which the way there may take as well. Keys are forgotten
by `keep_until` a minute late; until then scripts themselves see to it that what is over is over.
"""


class Moments:
    """
    Arguments that scripts begin with.

    Args:
        wall_s: the present moment by the clock from which callers take theirs, Unix seconds.
    """

    def __init__(self, wall_s: Callable[[], float] = time.time) -> None:
        self._wall_s = wall_s

    def sent(self, now_s: float) -> tuple[str, str]:
        """The clock as it is read now, and the moment that a caller calls the present."""
        return repr(self._wall_s()), written(now_s)


def written(moment_s: float) -> str:
    """A moment as scripts read it."""
    return repr(float(moment_s))
