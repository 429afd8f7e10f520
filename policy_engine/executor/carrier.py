"""One generation of policies at work: requests decided with live counters, carried out, and written down."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing
from datetime import datetime
from functools import partial

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decided, decided_async
from policy_engine.executor.admissions import Admissions
from policy_engine.executor.answer_stream import AnswerStream, AsyncAnswerStream
from policy_engine.executor.attempt import Attempt
from policy_engine.executor.books import Books, Job
from policy_engine.executor.execute import Execution, execute
from policy_engine.executor.filling import Filling
from policy_engine.executor.habits import order_for
from policy_engine.executor.kept import KeptAnswers
from policy_engine.executor.order import Order
from policy_engine.executor.reach import StateUnreachable, unreachable
from policy_engine.executor.recheck import Recheck
from policy_engine.executor.shadow import ShadowJob
from policy_engine.executor.shadows import Shadows
from policy_engine.executor.world import AsyncLiveWorld, Money, relay, relay_async
from policy_engine.model.call import Chunk
from policy_engine.model.decision import Decision
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.expenses import Expenses
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome
from policy_engine.model.request import Request
from policy_engine.providers.registry import Providers
from policy_engine.signals.live import Signals
from policy_engine.state.aside import Aside


class Carrier:
    """
    Carries requests out by one policy set.

    Args:
        providers: the models' providers.
        signals: what rules ask, and where budgets are counted.
        books: what is over is written down there.
        aside: does what may wait for a state, for those on an event loop.
        shadows: asked after a request, beside its model; None for none.
        emit: told what goes wrong with budgets.
        clock: the present moment, for requests that do not say.
    """

    def __init__(
        self,
        policy_set: PolicySet,
        *,
        providers: Providers,
        signals: Signals,
        books: Books,
        aside: Aside,
        shadows: Shadows | None = None,
        emit: Emit,
        clock: Callable[[], datetime],
    ) -> None:
        self._policy_set = policy_set
        self._providers = providers
        self._sources = signals.sources
        self._counters = signals.counters
        self._caches = signals.caches
        self._books = books
        self._aside = aside
        self._shadows = shadows
        self._emit = emit
        self._clock = clock

    def complete(self, request: Request) -> Outcome:
        """What a request comes to. Blocks until it is answered."""
        with closing(self._items(request, streaming=False)) as items:
            return [item for item in items if isinstance(item, Outcome)][-1]

    async def complete_async(self, request: Request) -> Outcome:
        """The same as `complete`, awaited."""
        async with aclosing(self._items_async(request, streaming=False)) as items:
            return [item async for item in items if isinstance(item, Outcome)][-1]

    def stream(self, request: Request) -> AnswerStream:
        """The answer in pieces."""
        return AnswerStream(self._items(request, streaming=True))

    def stream_async(self, request: Request) -> AsyncAnswerStream:
        """The same as `stream`, awaited."""
        return AsyncAnswerStream(self._items_async(request, streaming=True))

    def _items(self, request: Request, *, streaming: bool) -> Generator[Chunk | Outcome, None, None]:
        """The pieces of an answer, and at last what it came to, which is written down by then."""
        began_s, facts = time.monotonic(), self._facts(request)
        with closing(self._filling(began_s)) as filling:
            while True:
                job = self._job(*self._decided(facts), began_s)
                if filling.wait(job.decision, job.facts):
                    facts = self._facts(request, job.facts)
                    continue
                try:
                    with Attempt(job, self._books) as attempt:
                        self._check(job)
                        execution = self._execution(job, self._order(job), streaming=streaming)
                        with closing(relay(execution, self._world(job), attempt.left.append)) as items:
                            for item in items:
                                if isinstance(item, Outcome):
                                    attempt.outcome = item
                                else:
                                    yield item
                finally:
                    filling.close()
                if attempt.overtaken is None:
                    yield self._shadowed(job, self._books.finish(job, attempt.whole()))
                    return
                job.admissions.release()
                facts = attempt.overtaken.facts

    async def _items_async(self, request: Request, *, streaming: bool) -> AsyncGenerator[Chunk | Outcome, None]:
        began_s, facts = time.monotonic(), self._facts(request)
        async with aclosing(self._filling(began_s)) as filling:
            while True:
                job = self._job(*await self._decided_async(facts), began_s)
                if await filling.wait_async(job.decision, job.facts):
                    facts = self._facts(request, job.facts)
                    continue
                try:
                    with Attempt(job, self._books) as attempt:
                        self._check(job)
                        execution = self._execution(job, await self._order_async(job), streaming=streaming)
                        # Without `aclosing` a caller who leaves would end the call only when the event loop next
                        # collects it.
                        async with aclosing(relay_async(execution, self._world(job), attempt.left.append)) as items:
                            async for item in items:
                                if isinstance(item, Outcome):
                                    attempt.outcome = item
                                else:
                                    yield item
                finally:
                    await filling.aclose()
                if attempt.overtaken is None:
                    yield self._shadowed(job, await self._books.finish_async(job, attempt.whole()))
                    return
                await self._books.release_async(job)
                facts = attempt.overtaken.facts

    def _shadowed(self, job: Job, outcome: Outcome) -> Outcome:
        """The outcome, which is handed to the shadows if there is to be one."""
        if self._shadows is not None and job.decision.verdict.modifiers.shadow is not None:
            shadow_job = ShadowJob(
                id=job.id,
                policy_set=self._policy_set,
                facts=job.facts,
                decision=job.decision,
                outcome=outcome,
                provider_of=self._providers.get,
                learn=self._sources.resolve,
            )
            self._shadows.offer(shadow_job)
        return outcome

    def _decided(self, facts: Facts) -> tuple[Decision, Facts]:
        """The decision, and the facts it was made on."""
        return decided(self._policy_set, facts, learn=self._sources.resolve)

    async def _decided_async(self, facts: Facts) -> tuple[Decision, Facts]:
        return await decided_async(self._policy_set, facts, learn=self._sources.resolve_async)

    def _order(self, job: Job) -> Order:
        return order_for(job.decision, job.facts, self._counters, now_s=time.time(), emit=self._emit)

    async def _order_async(self, job: Job) -> Order:
        if job.decision.verdict.modifiers.stick is None or not self._counters.blocking:
            return self._order(job)
        reading = self._aside.submit(partial(self._order, job))
        if await self._aside.wait(reading):
            return reading.result()
        self._emit(SignalFailed(signal="stick", reason=f"no answer within {self._aside.wait_s:g} s"))
        return Order(cooling=self._counters.measured.failures.cooling(now_s=time.time()))

    def _facts(self, request: Request, before: Facts | None = None) -> Facts:
        """What is known of a request as it comes in, or comes in again; what has been paid for it stays."""
        facts = Facts(request, self._policy_set.layout, self._clock)
        facts.expenses = Expenses() if before is None else before.expenses
        return facts

    def _job(self, decision: Decision, facts: Facts, began_s: float) -> Job:
        money = Money(
            self._counters.budgets,
            facts,
            emit=self._emit,
            recheck=Recheck(self._policy_set, decision, facts),
            on_state_error=self._policy_set.declarations.on_state_error,
        )
        kept = KeptAnswers(self._caches, decision, facts, emit=self._emit, aside=self._aside)
        admissions = Admissions(
            self._counters,
            decision,
            facts,
            emit=self._emit,
            on_state_error=self._policy_set.declarations.on_state_error,
        )
        return Job(decision=decision, facts=facts, money=money, kept=kept, admissions=admissions, began_s=began_s)

    def _filling(self, began_s: float) -> Filling:
        return Filling(self._caches, emit=self._emit, aside=self._aside, began_s=began_s)

    def _check(self, job: Job) -> None:
        """Where the policies refuse what cannot be counted, raises StateUnreachable for a counter that was asked."""
        if self._policy_set.declarations.on_state_error == "deny":
            failed = unreachable(job.facts, self._sources, self._counters)
            if failed is not None:
                raise StateUnreachable(failed)

    def _execution(self, job: Job, order: Order, *, streaming: bool) -> Execution:
        return execute(
            job.decision,
            job.facts,
            self._policy_set,
            now_s=time.monotonic(),
            began_s=job.began_s,
            streaming=streaming,
            order=order,
        )

    def _world(self, job: Job) -> AsyncLiveWorld:
        return AsyncLiveWorld(
            self._providers.get,
            self._policy_set.cards,
            job.money,
            facts=job.facts,
            learn=self._sources.resolve,
            learn_async=self._sources.resolve_async,
            kept=job.kept,
            admissions=job.admissions,
            aside=self._aside if self._counters.blocking else None,
        )
