"""Escalations: which share of a cascade's recent requests went beyond its first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from policy_engine.model.effect import Limit
from policy_engine.model.facts import UNKNOWN, Missing
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.signals.admission import Admission, admission
from policy_engine.signals.key import key_of
from policy_engine.state.state import Ceiling, State

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

    A window slides in thirtieths of its length: it holds the present one and the 29 before. For the limit, requests
    that are under way count as if they had escalated, as money counts at its bound until it is settled: so the limit
    holds whatever they come to. For rules, only what is over counts.
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
        self._state.add({requests: 1, up: int(escalated)}, now_s=now_s, until_s=now_s + _counted_s(tally))

    def admit(self, cascade: str, share: Decimal, *, now_s: float) -> Admission | None:
        """
        Whether a request may begin at the cascade's first step, of whose requests at most this share is to escalate.

        If so, it is under way until it is settled. None for a cascade that is not counted.

        Raises:
            StateError: the state cannot be used, and nothing is counted.
        """
        tally = self._tallies.get(cascade)
        if tally is None:
            return None
        newest = _slice(tally, now_s)
        window = _keys(tally, range(newest - _SLICES + 1, newest + 1))
        under_way = _under_way(tally)
        ceiling = Ceiling(
            part=(*window[1::2], under_way),
            whole=(*window[::2], under_way),
            share=Fraction(share),
            least=max(1, tally.min_requests),
        )
        amounts = {window[-2]: 0, window[-1]: 0, under_way: 1}
        return admission(self._state, amounts, ceiling, now_s=now_s, counted_s=_counted_s(tally))

    def settle(self, admitted: Admission, *, escalated: bool | None, now_s: float) -> None:
        """
        Counts what an admitted request came to, in the slice of the window in which it began.

        Args:
            escalated: None if it says nothing about the first step, and is not to be counted.

        Raises:
            StateError: the state cannot be used; the request stays under way until its time is over.
        """
        if admitted.lease is not None:
            requests, up, under_way = admitted.counters
            amounts = {requests: int(escalated is not None), up: int(escalated is True), under_way: 0}
            self._state.settle(admitted.lease, amounts, now_s=now_s)

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


def _counted_s(tally: Tally) -> float:
    return tally.window_s + tally.window_s / _SLICES


def _under_way(tally: Tally) -> str:
    """The counter of requests that are not over."""
    return f"{key_of('escalation', tally.cascade, tally.window_s)}/under_way"


def _keys(tally: Tally, slices: range) -> list[str]:
    """The counters of some slices: of each its requests, and those that escalated."""
    prefix = key_of("escalation", tally.cascade, tally.window_s)
    return [f"{prefix}/{index}/{what}" for index in slices for what in ("requests", "escalated")]
