"""One generation of policies at work: requests decided with live counters, carried out, and counted afterwards."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, closing
from datetime import datetime

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import StateError
from policy_engine.evaluator.decide import decided, decided_async
from policy_engine.executor.answer_stream import AnswerStream, AsyncAnswerStream
from policy_engine.executor.drive import drive, drive_async
from policy_engine.executor.execute import Execution, execute
from policy_engine.executor.habits import keep_model, order_for
from policy_engine.executor.recheck import Recheck
from policy_engine.executor.world import AsyncLiveWorld, Money, relay, relay_async
from policy_engine.model.call import Chunk
from policy_engine.model.commands import Overtaken
from policy_engine.model.decision import Decision
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import CallRecord, Outcome
from policy_engine.model.request import Request
from policy_engine.providers.registry import Providers
from policy_engine.signals.live import Signals
from policy_engine.signals.sessions import Turn


class Carrier:
    """
    Carries requests out by one policy set.

    Args:
        providers: the models' providers.
        signals: what rules ask, and where budgets, escalations and measurements are counted.
        emit: told what goes wrong with counters.
        clock: the present moment, for requests that do not say.
    """

    def __init__(
        self,
        policy_set: PolicySet,
        *,
        providers: Providers,
        signals: Signals,
        emit: Emit,
        clock: Callable[[], datetime],
    ) -> None:
        self._policy_set = policy_set
        self._providers = providers
        self._sources = signals.sources
        self._counters = signals.counters
        self._emit = emit
        self._clock = clock

    def complete(self, request: Request) -> Outcome:
        """What a request comes to. Blocks until it is answered."""
        facts = self._facts(request)
        while True:
            decision, facts = decided(self._policy_set, facts, learn=self._sources.resolve)
            try:
                outcome = drive(self._execution(decision, facts, streaming=False), self._world(decision, facts))
            except Overtaken as overtaken:
                facts = overtaken.facts
                continue
            self._count(outcome, facts)
            return outcome

    async def complete_async(self, request: Request) -> Outcome:
        """The same as `complete`, awaited."""
        facts = self._facts(request)
        while True:
            decision, facts = await decided_async(self._policy_set, facts, learn=self._sources.resolve_async)
            execution = self._execution(decision, facts, streaming=False)
            try:
                outcome = await drive_async(execution, self._world(decision, facts))
            except Overtaken as overtaken:
                facts = overtaken.facts
                continue
            self._count(outcome, facts)
            return outcome

    def stream(self, request: Request) -> AnswerStream:
        """The answer in pieces."""
        return AnswerStream(self._items(request))

    def stream_async(self, request: Request) -> AsyncAnswerStream:
        """The same as `stream`, awaited."""
        return AsyncAnswerStream(self._items_async(request))

    def _items(self, request: Request) -> Generator[Chunk | Outcome, None, None]:
        facts = self._facts(request)
        while True:
            decision, facts = decided(self._policy_set, facts, learn=self._sources.resolve)
            execution = self._execution(decision, facts, streaming=True)
            try:
                with closing(relay(execution, self._world(decision, facts))) as items:
                    for item in items:
                        if isinstance(item, Outcome):
                            self._count(item, facts)
                        yield item
                return
            except Overtaken as overtaken:  # nothing has been yielded
                facts = overtaken.facts

    async def _items_async(self, request: Request) -> AsyncGenerator[Chunk | Outcome, None]:
        facts = self._facts(request)
        while True:
            decision, facts = await decided_async(self._policy_set, facts, learn=self._sources.resolve_async)
            execution = self._execution(decision, facts, streaming=True)
            try:
                # Without `aclosing` a caller who leaves would end the call only when the event loop next collects it.
                async with aclosing(relay_async(execution, self._world(decision, facts))) as items:
                    async for item in items:
                        if isinstance(item, Outcome):
                            self._count(item, facts)
                        yield item
                return
            except Overtaken as overtaken:  # nothing has been yielded
                facts = overtaken.facts

    def _facts(self, request: Request) -> Facts:
        return Facts(request, self._policy_set.layout, self._clock)

    def _execution(self, decision: Decision, facts: Facts, *, streaming: bool) -> Execution:
        facts = self._with_counts_for_limits(decision, facts)
        order = order_for(decision, facts, self._counters, now_s=time.time(), emit=self._emit)
        return execute(decision, facts, self._policy_set, now_s=time.monotonic(), streaming=streaming, order=order)

    def _with_counts_for_limits(self, decision: Decision, facts: Facts) -> Facts:
        """The facts with what its limits read and no rule has asked for."""
        plan = decision.plan
        limits = {*(plan.limits or ()), *(decision.verdict.modifiers.limits or ())}
        wanted = {"session_escalations": "session", "escalation_rate": f"escalation.{plan.cascade}"}
        groups = tuple(group for limit, group in wanted.items() if limit in limits and group not in facts.signals)
        return facts.knowing(self._sources.resolve(groups, facts)) if groups else facts

    def _world(self, decision: Decision, facts: Facts) -> AsyncLiveWorld:
        recheck = Recheck(self._policy_set, decision, facts)
        money = Money(self._counters.budgets, facts, emit=self._emit, recheck=recheck)
        return AsyncLiveWorld(
            self._providers.get,
            self._policy_set.cards,
            money,
            facts=facts,
            learn=self._sources.resolve,
            learn_async=self._sources.resolve_async,
        )

    def _count(self, outcome: Outcome, facts: Facts) -> None:
        """Tells the counters what became of a request; a state that cannot be used does not fail it."""
        now_s = time.time()
        for call in outcome.calls:
            self._counters.measured.failures.record(call.model, call.failure, now_s=now_s)
            if call.failure is None and call.elapsed_ms is not None:
                self._counters.measured.latencies.record(call.model, call.elapsed_ms / 1000, now_s=now_s)
        try:
            self._count_shared(outcome, facts, now_s)
        except StateError as error:
            self._emit(SignalFailed(signal="session", reason=error.reason, error=error))

    def _count_shared(self, outcome: Outcome, facts: Facts, now_s: float) -> None:
        answers = [call for call in outcome.calls if call.purpose == "answer"]
        cascade = outcome.decision.plan.cascade
        # An answer that nobody could judge says nothing about its step, so it must not make the cascade begin higher.
        if cascade is not None and answers and answers[0].step == 0 and not outcome.escalated_unsure:
            self._counters.escalations.record(cascade, escalated=outcome.escalations > 0, now_s=now_s)
        last: CallRecord | None = next((call for call in reversed(answers) if call.failure is None), None)
        turn = Turn(
            model=None if last is None else last.model,
            tier=None if last is None else last.tier,
            escalations=outcome.escalations,
            errors=sum(call.failure is not None for call in outcome.calls),
        )
        self._counters.sessions.record(facts.request.session, turn, now_s=now_s)
        keep_model(outcome, facts, self._counters, now_s=now_s)
