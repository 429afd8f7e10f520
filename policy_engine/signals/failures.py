"""Failures: which share of each model's recent calls failed, and which models are better left alone for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from policy_engine.model.call import Failure, FailureKind
from policy_engine.state.process import PerProcess

WINDOW_S = 300.0
MAX_SAMPLES = 1_000
COOL_AFTER = 3
"""Failures in a row after which a model is left alone."""
COOL_S = 30.0
MAX_COOL_S = 300.0

_CALLERS_OWN = frozenset((FailureKind.REQUEST, FailureKind.CONTEXT_OVERFLOW))


@dataclass(slots=True)
class _Health:
    calls: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=MAX_SAMPLES))
    in_a_row: int = 0
    cool_until_s: float = 0.0


class Failures:
    """
    What became of recent calls, by model. Safe under threads; each process sees for itself.

    What is the request's own fault (too long, malformed) counts neither way. Moments are seconds of one clock.
    """

    def __init__(self) -> None:
        self._lock = PerProcess(Lock)
        self._models: dict[str, _Health] = {}

    def record(self, model: str, failure: Failure | None, *, now_s: float) -> None:
        """Remembers how a call ended; None is an answer."""
        if failure is not None and failure.kind in _CALLERS_OWN:
            return
        with self._lock.get():
            health = self._models.setdefault(model, _Health())
            health.calls.append((now_s, failure is not None))
            health.in_a_row = 0 if failure is None else health.in_a_row + 1
            health.cool_until_s = (
                0.0 if failure is None else max(health.cool_until_s, now_s + _pause_s(failure, health))
            )

    def read(self, model: str, *, now_s: float) -> Mapping[str, float]:
        """The `rate` of failures among the calls of the last five minutes, a share; 0 if there were none."""
        with self._lock.get():
            health = self._models.get(model)
            recent = [failed for at_s, failed in health.calls if at_s > now_s - WINDOW_S] if health else []
        return {"rate": sum(recent) / len(recent) if recent else 0.0}

    def cooling(self, *, now_s: float) -> Mapping[str, float]:
        """All models that are better left alone, and for how many more seconds."""
        with self._lock.get():
            left = {model: health.cool_until_s - now_s for model, health in self._models.items()}
        return {model: left_s for model, left_s in left.items() if left_s > 0}

    def cooling_s(self, model: str, *, now_s: float) -> float:
        """
        For how many more seconds a model is better left alone, 0 if it is not.

        It is after three failures in a row, and when its provider says when to come back. The next call is a trial:
        if it fails too, the pause begins anew.
        """
        health = self._models.get(model)
        return 0.0 if health is None else max(0.0, health.cool_until_s - now_s)


def _pause_s(failure: Failure, health: _Health) -> float:
    usual_s = COOL_S if health.in_a_row >= COOL_AFTER else 0.0
    return min(MAX_COOL_S, max(usual_s, failure.retry_after_s or 0.0))
