"""Filling a cache: who asks first goes to the model, and who asks the same meanwhile waits, in every process."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from policy_engine.errors import StateError
from policy_engine.executor.limits import bounds_of
from policy_engine.model.decision import Decision
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.signals.caches.shared_flights import Flight
from policy_engine.state.aside import Aside, landed

if TYPE_CHECKING:
    from concurrent.futures import Future

    from policy_engine.signals.caches.caches import Caches
    from policy_engine.signals.caches.shared_flights import SharedFlights

Value = TypeVar("Value")

WAIT_S: Final = 30.0
"""How long a request waits at most for others that are about to have its answer."""

LOOK_EVERY_S: Final = 0.05
"""How often a request looks whether one of another process has come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """Waits for a flight of this process to land, or without one just so long."""

    for_s: float
    ahead: Future[None] | None = None

    def done(self) -> None:
        """Waits. Blocks."""
        if self.ahead is None:
            time.sleep(self.for_s)
            return
        from concurrent.futures import wait

        wait((self.ahead,), self.for_s)

    async def done_async(self) -> None:
        """The same, awaited."""
        if self.ahead is not None:
            await landed(self.ahead, self.for_s)
            return
        import asyncio

        await asyncio.sleep(self.for_s)


_Step: TypeAlias = _Wait | Callable[[], Any]
_Taking: TypeAlias = Generator[_Step, Any, bool]


class Filling:
    """
    One request's part in filling a cache. It waits for others at most half as long as it has until its deadline.

    Nobody waits a second time once the first one has come to its end without leaving an answer; if it was of a process
    that died, one of those who waited goes first and the others wait on.

    Args:
        caches: None where the policies declare none.
        aside: does what may have to wait for a state, for those on an event loop.
        began_s: when the request came in, by `clock`.
        wall_s: the present moment, Unix seconds.
    """

    def __init__(
        self,
        caches: Caches | None,
        *,
        emit: Emit,
        aside: Aside,
        began_s: float,
        clock: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._caches = caches
        self._shared = None if caches is None else caches.shared_flights
        self._emit = emit
        self._aside = aside
        self._began_s = began_s
        self._clock = clock
        self._wall_s = wall_s
        self._leads: tuple[str, ...] | None = None
        self._flight: Flight | None = None
        self._seen = 0  # how many had landed when the cache was asked last
        self._waits = True

    def wait(self, decision: Decision, facts: Facts) -> bool:
        """
        Whether there may be an answer by now that was not there when this was decided.

        If not, the request goes to a model, and others wait until this is closed. Blocks.
        """
        taking, reply = self._taking(decision, facts), None
        while True:
            try:
                step = taking.send(reply)
            except StopIteration as end:
                return bool(end.value)
            reply = None
            if isinstance(step, _Wait):
                step.done()
            else:
                reply = step()

    async def wait_async(self, decision: Decision, facts: Facts) -> bool:
        """The same as `wait`, awaited."""
        taking, reply = self._taking(decision, facts), None
        while True:
            try:
                step = taking.send(reply)
            except StopIteration as end:
                return bool(end.value)
            reply = None
            if isinstance(step, _Wait):
                await step.done_async()
            else:
                reply = await self._done_aside(step)

    def close(self) -> None:
        """Lets go on who waits for this request. Closing twice is fine."""
        flight = self._landed_here()
        if flight is not None:
            self._land(flight)

    async def aclose(self) -> None:
        """The same as `close`, and does not wait for the state."""
        flight = self._landed_here()
        if flight is not None:
            self._aside.submit(partial(self._land, flight))

    def _taking(self, decision: Decision, facts: Facts) -> _Taking:
        caches, asked = self._caches, self._asked(decision, facts)
        if self._leads is not None and asked != self._leads:
            yield self.close
        if caches is None or asked is None:
            return False
        left_s = self._left_s(decision)
        if self._leads is None:
            ahead = caches.flights.board(asked)
            if ahead is not None:
                return (yield from self._behind(ahead, left_s))
            self._leads = asked
        if self._shared is None or self._flight is not None:
            return False
        return (yield from self._among_processes(self._shared, asked, left_s))

    def _behind(self, ahead: Future[None], left_s: float) -> _Taking:
        """Waits for another request of this process."""
        if left_s <= 0:
            return False
        yield _Wait(for_s=left_s, ahead=ahead)
        self._waits = False
        return True

    def _among_processes(self, shared: SharedFlights, asked: tuple[str, ...], left_s: float) -> _Taking:
        """Goes first of all processes, or waits for the one that does."""
        flight: Flight | None = yield partial(self._told, asked, lambda: shared.board(asked, now_s=self._wall_s()))
        if flight is None:
            return False
        if flight.lease is not None:
            self._flight = flight
            # Whoever landed after the cache was asked may have left the answer there.
            is_newer, self._seen = flight.landed > self._seen, flight.landed
            return is_newer and self._looks_again(asked)
        until_s = self._clock() + left_s
        while (left_s := until_s - self._clock()) > 0:
            yield _Wait(for_s=min(LOOK_EVERY_S, left_s))
            seen = yield partial(self._told, asked, lambda: shared.look(asked, now_s=self._wall_s()))
            is_under_way, self._seen = (False, self._seen) if seen is None else seen
            if not is_under_way or self._seen > flight.landed:
                self._waits = self._seen == flight.landed
                return self._looks_again(asked)
        return False

    def _looks_again(self, asked: tuple[str, ...]) -> bool:
        if self._caches is not None:
            self._caches.hurry(asked[0])
        return True

    def _asked(self, decision: Decision, facts: Facts) -> tuple[str, ...] | None:
        name = decision.verdict.modifiers.remember
        if self._caches is None or name is None or decision.plan.answer is not None:
            return None
        return self._caches.question(name, facts)

    def _left_s(self, decision: Decision) -> float:
        """How long to wait for others."""
        if not self._waits:
            return 0.0
        deadline = bounds_of(decision.plan.limits, decision.verdict.modifiers.limits).deadline
        most_s = WAIT_S if deadline is None else min(WAIT_S, float(deadline.amount) / 2)
        return most_s - (self._clock() - self._began_s)

    def _landed_here(self) -> Flight | None:
        """Lets requests of this process go on, and gives what those of others still wait for."""
        if self._leads is not None and self._caches is not None:
            self._caches.flights.land(self._leads)
        self._leads = None
        flight, self._flight = self._flight, None
        return flight

    def _land(self, flight: Flight) -> None:
        shared = self._shared
        if shared is not None:
            self._told(flight.asked, lambda: shared.land(flight, now_s=self._wall_s()))

    def _told(self, asked: tuple[str, ...], work: Callable[[], Value]) -> Value | None:
        """What work gives; a state that cannot be used is told, and every process asks for itself."""
        try:
            return work()
        except StateError as error:
            self._emit(SignalFailed(signal=f"cache.{asked[0]}", reason=error.reason, error=error))
            return None

    async def _done_aside(self, work: Callable[[], Any]) -> Any:
        if self._shared is None:
            return work()
        doing = self._aside.submit(work)
        try:
            await landed(doing)
        except BaseException:
            if not doing.cancel():
                self._aside.submit(lambda: self._drop(doing.result()))
            raise
        return doing.result()

    def _drop(self, done: object) -> None:
        """Lands a flight that was boarded when nobody waited for that any more."""
        if isinstance(done, Flight):
            self._land(done)
