"""Books: what is written down of a request that is over, in counters, in the ledger, and as an event."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from policy_engine.errors import StateError
from policy_engine.executor.admissions import Admissions
from policy_engine.executor.habits import count_rate, has_escalated, keep_model, measure, turn_of
from policy_engine.executor.kept import KeptAnswers
from policy_engine.executor.world import Money
from policy_engine.ledger.entry import Entry, new_id
from policy_engine.model.decision import Decision
from policy_engine.model.events import Emit, RequestFinished, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome, Status
from policy_engine.signals.counters import Counters
from policy_engine.signals.embedders.meter import PURPOSE as EMBEDDING
from policy_engine.state.aside import Aside


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request that is being carried out; `began_s` is of the monotonic clock, `id` its name in the ledger."""

    decision: Decision
    facts: Facts
    money: Money
    kept: KeptAnswers
    admissions: Admissions
    began_s: float
    id: str = field(default_factory=new_id)


class Books:
    """
    Keeps the books of one generation of policies. Nothing here fails a request: what goes wrong is told.

    Args:
        counters: told what became of a request.
        record: takes entries for the ledger; None without one.
        emit: told what cannot be counted.
        tell: told of each request that is over; None if nobody listens.
        aside: does what may wait for a state, for those on an event loop.
    """

    def __init__(
        self,
        counters: Counters,
        *,
        record: Callable[[Entry], object] | None,
        emit: Emit,
        tell: Emit | None,
        aside: Aside,
    ) -> None:
        self._counters = counters
        self._record = record
        self._emit = emit
        self._tell = tell
        self._aside = aside

    def finish(self, job: Job, outcome: Outcome) -> Outcome:
        """Writes down what a request came to, and gives that back as the caller is to have it."""
        outcome = with_expenses(job, outcome)
        return self._written(job, outcome, counted=self._count(job, outcome))

    async def finish_async(self, job: Job, outcome: Outcome) -> Outcome:
        """The same, awaited."""
        if not self._counters.blocking:
            return self.finish(job, outcome)
        outcome = with_expenses(job, outcome)
        counting = self._aside.submit(partial(self._count, job, outcome))
        return self._written(job, outcome, counted=await self._aside.wait(counting) and counting.result())

    def abandon(self, job: Job, outcome: Outcome) -> None:
        """
        Writes down what a request came to whose caller did not wait for the end. Never waits.

        It is not counted: a call that was cut short says nothing about its model or its session.
        """
        outcome = with_expenses(job, outcome)
        if self._counters.blocking:
            self._aside.submit(partial(self._leave, job, outcome))
        else:
            self._leave(job, outcome)
        self._written(job, outcome, counted=True)

    async def release_async(self, job: Job) -> None:
        """Ends what was granted to a request that begins anew."""
        if self._counters.blocking and job.admissions.are_open:
            await self._aside.wait(self._aside.submit(job.admissions.release))
        else:
            job.admissions.release()

    def _written(self, job: Job, outcome: Outcome, *, counted: bool) -> Outcome:
        if job.money.is_uncounted or job.admissions.is_uncounted or not counted:
            outcome = replace(outcome, uncounted=True)
        elapsed_ms = (time.monotonic() - job.began_s) * 1000
        cache = cache_word(outcome, job.facts)
        if self._record is not None:
            entry = Entry(
                id=job.id,
                decision=job.decision,
                facts=job.facts,
                outcome=outcome,
                at_s=job.facts.at.timestamp(),
                elapsed_ms=elapsed_ms,
                cache=cache,
            )
            self._record(entry)
        if self._tell is not None:
            self._tell(finished(job, outcome, elapsed_ms=elapsed_ms, cache=cache))
        return outcome

    def _count(self, job: Job, outcome: Outcome) -> bool:
        """Tells the counters what became of a request; whether they could be told."""
        now_s = time.time()
        job.money.spend(expenses_usd(outcome))
        measure(outcome, self._counters, now_s=now_s)
        try:
            self._count_shared(job, outcome, now_s)
        except StateError as error:
            self._emit(SignalFailed(signal="session", reason=error.reason, error=error))
            return False
        return True

    def _leave(self, job: Job, outcome: Outcome) -> None:
        """Counts what a request cost and how far it escalated that did not come to its end."""
        job.admissions.release(outcome)
        job.money.spend(expenses_usd(outcome))

    def _count_shared(self, job: Job, outcome: Outcome, now_s: float) -> None:
        if not job.admissions.counts_rate:
            count_rate(outcome, self._counters, now_s=now_s)
        counted = job.admissions.settle(outcome, escalated=has_escalated(outcome))
        session, turn = job.facts.request.session, turn_of(outcome, counted=counted)
        self._counters.sessions.record(session, turn, now_s=now_s)
        keep_model(outcome, job.facts, self._counters, now_s=now_s)


def with_expenses(job: Job, outcome: Outcome) -> Outcome:
    """The outcome with the calls that learning about its request has cost, before those of carrying it out."""
    calls = job.facts.expenses.calls
    return replace(outcome, calls=(*calls, *outcome.calls)) if calls else outcome


def expenses_usd(outcome: Outcome) -> Decimal:
    """What learning about a request has cost, as far as is known; of the other calls each was set aside and settled."""
    paid = (call.cost_usd for call in outcome.calls if call.purpose == EMBEDDING)
    return sum((usd for usd in paid if usd is not None), Decimal(0))


def finished(job: Job, outcome: Outcome, *, elapsed_ms: float, cache: str | None) -> RequestFinished:
    """The event of a request that is over."""
    decision, facts = job.decision, job.facts
    answers = [call for call in outcome.calls if call.purpose == "answer" and call.failure is None]
    is_answered = outcome.status in (Status.ACCEPTED, Status.NOT_ACCEPTED) and answers
    return RequestFinished(
        record=job.id,
        revision=decision.revision,
        generation=decision.generation,
        task=facts.task if facts.task in facts.layout.tasks else None,
        rule=decision.rule,
        effect=decision.effect,
        status=outcome.status.value,
        model=answers[-1].model if is_answered else decision.model,
        tier=answers[-1].tier if is_answered else decision.tier,
        calls=len(outcome.calls),
        escalations=outcome.escalations,
        cost_usd=None if outcome.cost_usd is None else format(outcome.cost_usd, "f"),
        elapsed_ms=round(elapsed_ms, 3),
        limit=outcome.limit,
        cache=cache,
        failures=tuple(f"{call.model}: {call.failure.kind}" for call in outcome.calls if call.failure is not None),
        uncounted=outcome.uncounted,
    )


def cache_word(outcome: Outcome, facts: Facts) -> str | None:
    """What a cache did for a request: `hit` if it answered, `miss` if it was asked and did not; else None."""
    answer = outcome.decision.plan.answer
    if answer is not None and answer.cache is not None and outcome.status is Status.ANSWERED:
        return "hit"
    asked = (value for group, value in facts.signals.items() if group.startswith("cache."))
    return "miss" if any(isinstance(value, Mapping) for value in asked) else None
