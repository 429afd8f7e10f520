"""Checked hits: how often a cache's answer was right where a model was asked all the same, and what follows from it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from uuid import uuid4

from policy_engine.model.calibration import NEVER
from policy_engine.signals.caches.bounds import lower_bound
from policy_engine.state.log import Log

KEPT_S: Final = 30 * 86_400.0
"""How long a check counts."""

MOST: Final = 20_000
"""How many of the newest checks count."""

FOLLOW_EVERY_S: Final = 1.0
_STEP: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question whose nearest entry was compared with a fresh answer: how similar it was, and whether it was right."""

    similarity: float
    is_right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """What checks say of a cache: of `checked` would-be hits `wrong` were wrong; `threshold` is what is used now."""

    checked: int
    wrong: int
    threshold: float

    @property
    def rate(self) -> float | None:
        """The share that was wrong; None if none was checked."""
        return self.wrong / self.checked if self.checked else None


class Checks:
    """
    The checks of one cache, shared by whoever shares its state. Safe under threads.

    Args:
        log, name: where they are kept.
        clock: seconds that only go forward.
    """

    def __init__(self, log: Log, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._name = name
        self._clock = clock
        self._lock = Lock()
        self._checks: dict[str, tuple[Check, float]] = {}
        self._position = 0
        self._followed_s: float | None = None
        self._settled: tuple[int, float, float, float] | None = None

    def record(self, check: Check, *, now_s: float) -> None:
        """Keeps a check. Blocks while it writes."""
        value = json.dumps({"similarity": round(check.similarity, 6), "right": check.is_right}).encode()
        self._log.append(self._name, uuid4().hex, value, now_s=now_s, until_s=now_s + KEPT_S)
        self._followed_s = None

    def all(self, now_s: float) -> tuple[Check, ...]:
        """The newest checks that still count."""
        self._follow(now_s)
        with self._lock:
            return tuple(check for check, until_s in self._checks.values() if until_s > now_s)

    def realised(self, threshold: float, max_wrong_hit_rate: float | None, *, now_s: float) -> Realised:
        """What the checks say, and the threshold that follows: the stated one, or a tighter one."""
        checks = self.all(now_s)
        tightened = tightened_to(threshold, max_wrong_hit_rate, checks)
        reached = [check for check in checks if check.similarity >= tightened]
        wrong = sum(not check.is_right for check in reached)
        return Realised(checked=len(reached), wrong=wrong, threshold=tightened)

    def threshold(self, stated: float, max_wrong_hit_rate: float | None, *, now_s: float) -> float:
        """The threshold to use now; looks at the checks again only where there are new ones."""
        if max_wrong_hit_rate is None or stated >= NEVER:
            return stated
        self._follow(now_s)
        known = self._settled
        if known is None or known[:3] != (self._position, stated, max_wrong_hit_rate):
            found = tightened_to(stated, max_wrong_hit_rate, self.all(now_s))
            self._settled = known = (self._position, stated, max_wrong_hit_rate, found)
        return known[3]

    def _follow(self, now_s: float) -> None:
        moment = self._clock()
        with self._lock:
            if self._followed_s is not None and moment - self._followed_s < FOLLOW_EVERY_S:
                return
            self._followed_s = moment
            while records := self._log.since(self._name, self._position, now_s=now_s):
                for record in records:
                    self._position = record.position
                    check = None if record.value is None else _decoded(record.value)
                    if check is not None:
                        self._checks[record.entry] = (check, record.until_s)
                while len(self._checks) > MOST:
                    del self._checks[next(iter(self._checks))]


def tightened_to(threshold: float, max_wrong_hit_rate: float | None, checks: Iterable[Check]) -> float:
    """
    The lowest threshold from the stated one on that the checks do not speak against.

    They do where the wrong share among the checked hits is surely above the stated rate: its lower bound is. Where no
    threshold is left, `NEVER`.
    """
    if max_wrong_hit_rate is None:
        return threshold
    reached = sorted((check.similarity, check.is_right) for check in checks if check.similarity >= threshold)
    now = threshold
    while lower_bound(sum(not right for _, right in reached), len(reached)) > max_wrong_hit_rate:
        now = round(now + _STEP, 6)
        if now > 1:
            return NEVER
        reached = [item for item in reached if item[0] >= now]
    return now


def _decoded(value: bytes) -> Check | None:
    try:
        written: Any = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(written, Mapping) or type(written.get("right")) is not bool:
        return None
    similarity = written.get("similarity")
    if not isinstance(similarity, int | float) or not 0 <= similarity <= 1:
        return None
    return Check(similarity=float(similarity), is_right=written["right"])
