"""The moment by which an exchange must be over, and what a phase of it may still take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import httpx

from policy_engine.transport.message import Timeouts

Clock: TypeAlias = Callable[[], float]
"""Seconds of a clock that only goes forward."""

EXTENSION = "deadline"
"""The name under which a request carries its Deadline, beside httpx's own `timeout`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When an exchange began, when it must be over (None: never), and by which clock."""

    began_s: float
    until_s: float | None
    clock: Clock

    @classmethod
    def of(cls, timeouts: Timeouts, clock: Clock) -> Deadline:
        """The deadline of an exchange that begins now."""
        now_s = clock()
        return cls(
            began_s=now_s, until_s=None if timeouts.overall_s is None else now_s + timeouts.overall_s, clock=clock
        )

    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return self.clock() - self.began_s

    def within(
        self, phase_s: float | None, *, passed: type[httpx.TimeoutException] = httpx.ReadTimeout
    ) -> float | None:
        """
        What a phase may take now: its own timeout or what is left, whichever is less; None is for ever.

        Raises:
            httpx.TimeoutException: nothing is left; of the kind `passed`.
        """
        if self.until_s is None:
            return phase_s
        left_s = self.until_s - self.clock()
        if left_s <= 0:
            raise passed("the deadline has passed")
        return left_s if phase_s is None else min(phase_s, left_s)
