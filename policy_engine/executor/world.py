"""The world that executions run in: models behind providers, money in budgets."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from policy_engine.errors import StateError
from policy_engine.evaluator.decide import Learn as LearnNow
from policy_engine.evaluator.decide import LearnAsync
from policy_engine.executor.admissions import Admissions
from policy_engine.executor.drive import advance, begin, cancel, cancel_async
from policy_engine.executor.execute import Execution
from policy_engine.executor.kept import KeptAnswers
from policy_engine.executor.learning import learned, learned_async
from policy_engine.executor.reach import StateUnreachable
from policy_engine.executor.recheck import Recheck
from policy_engine.model.call import Chunk, Failure
from policy_engine.model.commands import (
    Admit,
    Answer,
    Call,
    Command,
    Grant,
    Learn,
    Lookup,
    Open,
    Opened,
    Relay,
    Reserve,
    Settle,
    Store,
)
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome
from policy_engine.model.plan import Card
from policy_engine.providers.protocol import Provider
from policy_engine.signals.budgets import Budgets
from policy_engine.state.aside import Aside

if TYPE_CHECKING:
    from concurrent.futures import Future

Given = TypeVar("Given")


class Money:
    """
    The budgets of one request. That a state cannot be used is told.

    Args:
        recheck: looks at the decision again when a budget no longer holds.
        on_state_error: `allow` to go on uncounted where money cannot be set aside, `deny` not to.
        wall_s: seconds since the epoch, by which budgets know their window.

    Attributes:
        is_uncounted: whether something was not counted.
    """

    def __init__(
        self,
        budgets: Budgets | None,
        facts: Facts,
        *,
        emit: Emit,
        recheck: Recheck | None = None,
        on_state_error: str = "allow",
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.is_uncounted = False
        self._budgets = budgets
        self._facts = facts
        self._emit = emit
        self._recheck = recheck
        self._on_state_error = on_state_error
        self._wall_s = wall_s

    def reserve(self, command: Reserve) -> Grant:
        """
        What was set aside, in all budgets; nothing where the policies would now decide otherwise.

        Raises:
            StateUnreachable: nothing could be, and `on_state_error` says `deny`.
        """
        if self._budgets is None:
            return Grant()
        try:
            reservation = self._budgets.reserve(command.worst_usd, self._facts, now_s=self._wall_s())
        except StateError as error:
            return self.unreachable(error.reason)
        grant = Grant(token=reservation)
        # A budget that a guess passes may well hold.
        if self._recheck is None or command.is_guess or reservation.holds:
            return grant
        overtaken = self._recheck.overtaken(reservation)
        if overtaken is None:
            return grant
        self.release(grant)
        return Grant(overtaken=overtaken)

    def release(self, grant: Grant) -> None:
        """Gives back what was set aside for a call that is not made."""
        self.settle(Settle(grant=grant, paid_usd=Decimal(0)))

    def settle(self, command: Settle) -> None:
        """Replaces what was set aside by what was paid."""
        if self._budgets is None or command.grant.token is None:
            return
        try:
            self._budgets.settle(command.grant.token, command.paid_usd, now_s=self._wall_s())
        except StateError as error:
            self._tell(error.reason)

    def spend(self, paid_usd: Decimal) -> None:
        """Counts what was paid without having been set aside."""
        if self._budgets is None or not paid_usd:
            return
        try:
            self._budgets.spend(paid_usd, self._facts, now_s=self._wall_s())
        except StateError as error:
            self._tell(error.reason)

    def unreachable(self, reason: str) -> Grant:
        """
        What stands for money that could not be set aside.

        Raises:
            StateUnreachable: `on_state_error` says `deny`.
        """
        self._tell(reason)
        if self._on_state_error == "deny":
            raise StateUnreachable(reason)
        return Grant()

    def _tell(self, reason: str) -> None:
        self.is_uncounted = True
        self._emit(SignalFailed(signal="budget", reason=reason))


class Purse(Protocol):
    """Where money is set aside for calls and paid; it raises nothing for what can go wrong with that."""

    def reserve(self, command: Reserve) -> Grant:
        """What was set aside."""
        ...

    def settle(self, command: Settle) -> None:
        """Replaces what was set aside by what was paid."""
        ...

    def release(self, grant: Grant) -> None:
        """Gives back what was set aside for a call that is not made."""
        ...

    def unreachable(self, reason: str) -> Grant:
        """What stands for money that could not be set aside."""
        ...


class LiveWorld:
    """
    Does what commands ask, blocking.

    Args:
        provider_of: the provider that a bundle declares under a name.
        cards: the bundle's models.
        facts: the request's, for signals that gates ask.
        learn, learn_async: those signals; None where there are none.
        kept: the request's side of the caches; None where a lookup finds nothing and a store keeps nothing.
        admissions: asked under limits that requests share; None where nobody counts.
    """

    def __init__(
        self,
        provider_of: Callable[[str], Provider],
        cards: Mapping[str, Card],
        money: Purse,
        clock: Callable[[], float] = time.monotonic,
        *,
        facts: Facts | None = None,
        learn: LearnNow | None = None,
        learn_async: LearnAsync | None = None,
        kept: KeptAnswers | None = None,
        admissions: Admissions | None = None,
    ) -> None:
        self._kept = kept
        self._provider_of = provider_of
        self._cards = cards
        self._money = money
        self._clock = clock
        self._facts = facts
        self._learn = learn
        self._learn_async = learn_async
        self._admissions = admissions

    def do(self, command: Command) -> Answer:
        """The reply to one command."""
        return Answer(value=self._do(command), now_s=self._clock())

    def answer(self, value: Any) -> Answer:
        """A reply that was made elsewhere, with the moment."""
        return Answer(value=value, now_s=self._clock())

    def _do(self, command: Command) -> Any:
        match command:
            case Reserve():
                return self._money.reserve(command)
            case Settle():
                return self._money.settle(command)
            case Admit() if self._admissions is not None:
                return self._admissions.admit(command)
            case Call():
                provider, name = self._served(command)
                return provider.call(command.prompt, name, timeout_s=command.timeout_s)
            case Open():
                provider, name = self._served(command)
                opened = provider.open(command.prompt, name, timeout_s=command.timeout_s)
                return opened if isinstance(opened, Failure) else Opened(stream=opened)
            case Relay(stream=stream):
                return _read_out(stream)
            case Learn() if self._facts is not None:
                return learned(command, self._learn, self._facts)
            case Lookup() | Store() if self._kept is not None:
                return self._kept.do(command)
        return None

    def _served(self, command: Call | Open) -> tuple[Provider, str]:
        """Who serves a model, and under which name."""
        card = self._cards[command.model]
        return self._provider_of(card.provider), card.model


class AsyncLiveWorld(LiveWorld):
    """
    The same, awaited.

    Args:
        aside: where budgets are counted that may have to wait for their state; None if they never have to.
    """

    def __init__(
        self,
        provider_of: Callable[[str], Provider],
        cards: Mapping[str, Card],
        money: Money,
        clock: Callable[[], float] = time.monotonic,
        *,
        facts: Facts | None = None,
        learn: LearnNow | None = None,
        learn_async: LearnAsync | None = None,
        kept: KeptAnswers | None = None,
        admissions: Admissions | None = None,
        aside: Aside | None = None,
    ) -> None:
        super().__init__(
            provider_of,
            cards,
            money,
            clock,
            facts=facts,
            learn=learn,
            learn_async=learn_async,
            kept=kept,
            admissions=admissions,
        )
        self._aside = aside

    async def do_async(self, command: Command) -> Answer:
        """The reply to one command."""
        match command:
            case Reserve() if self._aside is not None:
                return self.answer(await self._reserved(command, self._aside))
            case Admit() if self._aside is not None and self._admissions is not None:
                return self.answer(await self._admitted(command, self._aside, self._admissions))
            case Settle() if self._aside is not None:
                # What takes too long is settled later; nobody needs to wait for that.
                await self._aside.wait(self._aside.submit(partial(self._money.settle, command)))
                return self.answer(None)
            case Call():
                provider, name = self._served(command)
                return self.answer(await provider.call_async(command.prompt, name, timeout_s=command.timeout_s))
            case Open():
                provider, name = self._served(command)
                opened = await provider.open_async(command.prompt, name, timeout_s=command.timeout_s)
                return self.answer(opened if isinstance(opened, Failure) else Opened(stream=opened))
            case Lookup() | Store() if self._kept is not None and self._kept.blocking:
                return self.answer(await self._kept.do_async(command))
            case Learn() if self._facts is not None:
                return self.answer(await learned_async(command, self._learn_async, self._facts))
        return self.do(command)

    async def _reserved(self, command: Reserve, aside: Aside) -> Grant:
        reserving = aside.submit(partial(self._money.reserve, command))
        if await _is_timely(reserving, aside, give_back=self._money.release):
            return reserving.result()
        return self._money.unreachable(f"no answer within {aside.wait_s:g} s")

    async def _admitted(self, command: Admit, aside: Aside, admissions: Admissions) -> bool | None:
        admitting = aside.submit(partial(admissions.admit, command))
        if await _is_timely(admitting, aside, give_back=partial(admissions.give_back, command)):
            return admitting.result()
        admissions.unreachable(command, f"no answer within {aside.wait_s:g} s")
        return None


def relay(
    execution: Execution, world: LiveWorld, left: Callable[[Outcome], object] | None = None
) -> Generator[Chunk | Outcome, None, None]:
    """
    Carries an execution out, and gives the pieces of a streamed answer as they come; the last item is the Outcome.

    An answer that does not stream comes as one piece. Closing it cancels what is under way; `left` is told what it had
    come to by then.
    """
    command = begin(execution)
    streamed = False
    try:
        while not isinstance(command, Outcome):
            if isinstance(command, Relay):
                streamed = True
                try:
                    yield from command.stream
                finally:
                    command.stream.close()
                answer = world.answer(command.stream.end)
            else:
                answer = world.do(command)
            command = advance(execution, answer)
    except BaseException:
        _tell_left(cancel(execution, world), left)
        raise
    if not streamed and command.text:
        yield Chunk(text=command.text)
    yield command


async def relay_async(
    execution: Execution, world: AsyncLiveWorld, left: Callable[[Outcome], object] | None = None
) -> AsyncGenerator[Chunk | Outcome, None]:
    """The same as `relay`, awaited."""
    command = begin(execution)
    streamed = False
    try:
        while not isinstance(command, Outcome):
            if isinstance(command, Relay):
                streamed = True
                try:
                    async for chunk in command.stream:
                        yield chunk
                finally:
                    await command.stream.close()
                answer = world.answer(command.stream.end)
            else:
                answer = await world.do_async(command)
            command = advance(execution, answer)
    except BaseException:
        _tell_left(await cancel_async(execution, world), left)
        raise
    if not streamed and command.text:
        yield Chunk(text=command.text)
    yield command


async def _is_timely(given: Future[Given], aside: Aside, *, give_back: Callable[[Given], object]) -> bool:
    """Waits for what is given, and whether it came in time; it is given back once nobody waits for it any more."""
    is_done = False
    try:
        is_done = await aside.wait(given)
    finally:
        if not is_done and not given.cancel():
            aside.submit(lambda: give_back(given.result()))
    return is_done


def _tell_left(outcome: Outcome | None, left: Callable[[Outcome], object] | None) -> None:
    if outcome is not None and left is not None:
        left(outcome)


def _read_out(stream: Any) -> Any:
    for _ in stream:
        pass
    stream.close()
    return stream.end
