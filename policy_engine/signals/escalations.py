"""Escalations: which share of a cascade's recent requests went beyond its first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policy_engine.model.effect import Limit
from policy_engine.model.facts import UNKNOWN, Missing
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.signals.key import key_of
from policy_engine.state.state import State

DEFAULT_WINDOW_S = 3600.0
DEFAULT_MIN_REQUESTS = 100

_SLICES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a cascade's escalations are counted: how far back, and from how many requests on a rate means something."""

    cascade: str
    window_s: float = DEFAULT_WINDOW_S
    min_requests: int = DEFAULT_MIN_REQUESTS


class Escalations:
    """
    Counters of the cascades that have an `escalation_rate` limit.

    A window slides in thirtieths of its length: it holds the present one and the 29 before.
    """

    def __init__(self, state: State, tallies: tuple[Tally, ...]) -> None:
        self._state = state
        self._tallies = {tally.cascade: tally for tally in tallies}

    def record(self, cascade: str, *, escalated: bool, now_s: float) -> None:
        """
        Counts a request that began at the cascade's first step; nothing for a cascade that is not counted.

        Requests that began higher, because the limit had spoken, are not to be counted: they say nothing about the
        first step.

        Raises:
            StateError: the state cannot be used, and nothing is counted.
        """
        tally = self._tallies.get(cascade)
        if tally is None:
            return
        newest = _slice(tally, now_s)
        requests, up = _keys(tally, range(newest, newest + 1))
        until_s = now_s + tally.window_s + tally.window_s / _SLICES
        self._state.add({requests: 1, up: int(escalated)}, now_s=now_s, until_s=until_s)

    def read(self, cascade: str, *, now_s: float) -> Mapping[str, float] | Missing:
        """
        The `rate`, a share that is 0 below the limit's `min_requests`, and the `requests` in the window.

        UNKNOWN for a cascade that is not counted.

        Raises:
            StateError: the state cannot be used.
        """
        tally = self._tallies.get(cascade)
        if tally is None:
            return UNKNOWN
        newest = _slice(tally, now_s)
        counts = self._state.counts(_keys(tally, range(newest - _SLICES + 1, newest + 1)), now_s=now_s)
        requests, up = sum(counts[::2]), sum(counts[1::2])
        enough = requests > 0 and requests >= tally.min_requests
        return {"rate": up / requests if enough else 0.0, "requests": requests}


def tallies_of(declarations: Declarations) -> tuple[Tally, ...]:
    """How the escalations of each cascade with an `escalation_rate` limit are counted."""
    return tuple(
        _tally(name, cascade.limits["escalation_rate"])
        for name, cascade in declarations.cascades.items()
        if "escalation_rate" in cascade.limits
    )


def _tally(cascade: str, limit: Limit) -> Tally:
    window_s = DEFAULT_WINDOW_S if limit.window is None else float(parse_quantity(limit.window, Kind.DURATION))
    minimum = DEFAULT_MIN_REQUESTS if limit.min_requests is None else limit.min_requests
    return Tally(cascade=cascade, window_s=window_s, min_requests=minimum)


def _slice(tally: Tally, now_s: float) -> int:
    return int(now_s * _SLICES // tally.window_s)


def _keys(tally: Tally, slices: range) -> list[str]:
    """The counters of some slices: of each its requests, and those that escalated."""
    prefix = key_of("escalation", tally.cascade, tally.window_s)
    return [f"{prefix}/{index}/{what}" for index in slices for what in ("requests", "escalated")]
