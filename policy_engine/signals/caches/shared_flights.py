"""Who is about to fill an entry in any process that shares a state, so that one of them asks a model and not all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from policy_engine.signals.key import key_of
from policy_engine.state.state import Ceiling, State

FLIGHT_S: Final = 30.0
"""How long others leave a question to who goes first; whoever takes longer counts as dead, and the next takes over."""

_REMEMBERED_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """
    What somebody is told who wants to go first.

    Attributes:
        asked: the question; first the name of its cache.
        lease: what is held for it; None if another goes first.
        landed: how many have come to their end lately, by now.
    """

    asked: tuple[str, ...]
    lease: str | None
    landed: int


class SharedFlights:
    """
    Flights in a state, by what is asked. Everything raises StateError if the state cannot be used.

    Args:
        flight_s: how long one may last; it ends by itself then.
    """

    def __init__(self, state: State, *, flight_s: float = FLIGHT_S) -> None:
        self._state = state
        self._flight_s = flight_s

    def board(self, asked: tuple[str, ...], *, now_s: float) -> Flight:
        """Goes first, and then has to `land`; unless another does."""
        under_way, landed = _counters(asked)
        lease = uuid4().hex
        is_first = self._state.admit(
            lease,
            {under_way: 1, landed: 0},
            ceiling=Ceiling(part=(under_way,)),
            now_s=now_s,
            until_s=now_s + self._flight_s,
            counted_until_s=now_s + self._flight_s + _REMEMBERED_S,
        )
        (ended,) = self._state.counts((landed,), now_s=now_s)
        return Flight(asked=asked, lease=lease if is_first else None, landed=ended)

    def land(self, flight: Flight, *, now_s: float) -> None:
        """Lets the others go on, whether or not there is an entry now."""
        if flight.lease is not None:
            under_way, landed = _counters(flight.asked)
            self._state.settle(flight.lease, {under_way: 0, landed: 1}, now_s=now_s)

    def look(self, asked: tuple[str, ...], *, now_s: float) -> tuple[bool, int]:
        """Whether somebody goes first who is not known to be dead, and how many have come to their end lately."""
        under_way, landed = self._state.counts(_counters(asked), now_s=now_s)
        return under_way > 0, landed


def _counters(asked: tuple[str, ...]) -> tuple[str, str]:
    name, *rest = asked
    prefix = key_of("flight", name, *rest)
    return f"{prefix}/under_way", f"{prefix}/landed"
