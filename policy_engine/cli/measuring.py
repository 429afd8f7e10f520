"""How fast requests are decided here: one pass over and over without a watch in hand, then one with it."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request

_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Decisions per second of one thread, how long one takes in microseconds, and the share of each effect."""

    decisions: int
    per_second: float
    p50_us: float
    p99_us: float
    effects: tuple[tuple[str, float], ...]


def measure(
    policy_set: PolicySet, requests: Sequence[Request], *, seconds: float, clock_ns: Callable[[], int]
) -> Measurement:
    """
    The measurement over all requests, which are decided at least once and then again until the time is over.

    Args:
        requests: at least one; they are read already, so reading is not measured.
        seconds: about how long to take; half of it for the rate, half for single decisions.
        clock_ns: nanoseconds, never going back.
    """
    effects = Counter(decide(policy_set, request).effect for request in requests)
    half_ns = int(seconds * 1e9 / 2)
    decisions, elapsed_ns = _rate(policy_set, requests, half_ns, clock_ns)
    single_ns = sorted(_singles(policy_set, requests, half_ns, clock_ns))
    return Measurement(
        decisions=decisions,
        per_second=decisions / elapsed_ns * 1e9,
        p50_us=single_ns[len(single_ns) // 2] / 1000,
        p99_us=single_ns[len(single_ns) * 99 // 100] / 1000,
        effects=tuple((effect, count / len(requests)) for effect, count in effects.most_common()),
    )


def _rate(
    policy_set: PolicySet, requests: Sequence[Request], for_ns: int, clock_ns: Callable[[], int]
) -> tuple[int, int]:
    """How many decisions were made in how many nanoseconds."""
    coming = cycle(requests)
    decisions = 0
    began = clock_ns()
    while (elapsed_ns := clock_ns() - began) < for_ns or not decisions:
        for _ in range(_BATCH):
            decide(policy_set, next(coming))
        decisions += _BATCH
    return decisions, max(1, elapsed_ns)


def _singles(
    policy_set: PolicySet, requests: Sequence[Request], for_ns: int, clock_ns: Callable[[], int]
) -> array[int]:
    """How many nanoseconds each decision took."""
    took = array("q")
    until = clock_ns() + for_ns
    for request in cycle(requests):
        began = clock_ns()
        decide(policy_set, request)
        ended = clock_ns()
        took.append(ended - began)
        if ended >= until:
            return took
    return took
