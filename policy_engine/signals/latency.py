"""Latency: how long the calls of each model took in the last five minutes, as this process saw it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Lock

from policy_engine.model.facts import UNKNOWN, Missing
from policy_engine.state.process import PerProcess

WINDOW_S = 300.0
MAX_SAMPLES = 1_000
"""How many calls of a model are remembered; with more in five minutes, the newest."""


class Latencies:
    """
    Exact quantiles of recent calls, by model. Safe under threads; each process measures for itself.

    Moments are seconds of one clock, whichever.
    """

    def __init__(self, *, window_s: float = WINDOW_S, max_samples: int = MAX_SAMPLES) -> None:
        self._window_s = window_s
        self._max_samples = max_samples
        self._lock = PerProcess(Lock)
        self._samples: dict[str, deque[tuple[float, float]]] = {}

    def record(self, model: str, elapsed_s: float, *, now_s: float) -> None:
        """Remembers how long a call took that brought a whole answer."""
        with self._lock.get():
            samples = self._samples.setdefault(model, deque(maxlen=self._max_samples))
            samples.append((now_s, elapsed_s))

    def read(self, model: str, *, now_s: float) -> Mapping[str, float] | Missing:
        """The median `p50` and the `p95`, seconds; UNKNOWN if no call was measured in the window."""
        oldest_s = now_s - self._window_s
        with self._lock.get():
            elapsed = sorted(elapsed_s for at_s, elapsed_s in self._samples.get(model, ()) if at_s > oldest_s)
        return {"p50": nearest_rank(elapsed, 0.5), "p95": nearest_rank(elapsed, 0.95)} if elapsed else UNKNOWN


def nearest_rank(ascending: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not pass, by the nearest-rank method."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
