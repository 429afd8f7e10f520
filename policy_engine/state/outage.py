"""Outages: while a place cannot be reached, those who want it are told so at once, and one tries now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

PROBE_EVERY_S = 1.0
"""How often a place is tried while it cannot be reached."""


class Outage:
    """
    What is known of a place that may be out of reach. Safe under threads.

    Args:
        probe_every_s: how often one of those who ask is to try.
        clock: seconds that only go forward.
    """

    def __init__(self, *, probe_every_s: float = PROBE_EVERY_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._probe_every_s = probe_every_s
        self._clock = clock
        self._lock = Lock()
        self._reason: str | None = None
        self._probe_at_s = 0.0

    def refusal(self) -> str | None:
        """Why not to try; None for whoever is to, which is everybody while all is well."""
        with self._lock:
            if self._reason is None or self._clock() < self._probe_at_s:
                return self._reason
            self._probe_at_s = self._clock() + self._probe_every_s
            return None

    def failed(self, reason: str) -> None:
        """Remembers that the place was out of reach, and why."""
        with self._lock:
            self._reason = reason
            self._probe_at_s = self._clock() + self._probe_every_s

    def worked(self) -> None:
        """Remembers that the place was reached."""
        with self._lock:
            self._reason = None
