"""Who is about to fill an entry, so that whoever asks the same waits instead of asking a model too."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock
from typing import TYPE_CHECKING

from policy_engine.state.process import PerProcess

if TYPE_CHECKING:
    from concurrent.futures import Future


class Flights:
    """What this process is about to fill, by what is asked. Safe under threads; a forked child begins with none."""

    def __init__(self) -> None:
        self._under_way = PerProcess(_UnderWay)

    def board(self, asked: Hashable) -> Future[None] | None:
        """None for the first that asks, who then must `land`; for others what is done when the first has landed."""
        from concurrent.futures import Future  # slow to import, and needed only where a cache is filled

        under_way = self._under_way.get()
        with under_way.lock:
            first = under_way.flights.get(asked)
            if first is None:
                under_way.flights[asked] = Future()
            return first

    def land(self, asked: Hashable) -> None:
        """Lets the others go on, whether or not there is an entry now."""
        under_way = self._under_way.get()
        with under_way.lock:
            flight = under_way.flights.pop(asked, None)
        if flight is not None:
            flight.set_result(None)


class _UnderWay:
    def __init__(self) -> None:
        self.lock = Lock()
        self.flights: dict[Hashable, Future[None]] = {}
