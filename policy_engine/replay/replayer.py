"""One policy set at work on recorded outcomes: decided, carried out and counted as when serving, on their own clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decided
from policy_engine.executor.drive import drive
from policy_engine.executor.execute import execute
from policy_engine.executor.habits import count_rate, keep_model, measure, order_for, turn_of
from policy_engine.executor.recheck import Recheck
from policy_engine.executor.world import Money
from policy_engine.model.call import FailureKind
from policy_engine.model.commands import Overtaken
from policy_engine.model.decision import Decision
from policy_engine.model.events import Event
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.policy import Provider
from policy_engine.model.request import read_request
from policy_engine.providers.settings import read_settings
from policy_engine.replay.outcomes import Case
from policy_engine.replay.world import Kept, RecordedWorld
from policy_engine.signals.live import LiveSignals, local_sources
from policy_engine.signals.source import Sources
from policy_engine.state.memory import MemoryState

_LOCAL = ("fake", "replay")
_ANSWERED = (Status.ACCEPTED, Status.NOT_ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """
    What a policy did with one case.

    Attributes:
        score: that of the answer that was given; None where it is not recorded, or no model answered.
        cost_usd: what its calls cost; None where that of one is not recorded.
        calls: models by how often they were called.
        cached: whether a cache answered.
        missing: what was needed and not known, in words.
        limit: the limit that spoke, or None.
    """

    rule: str | None
    status: Status
    score: Decimal | None
    cost_usd: Decimal | None
    calls: Mapping[str, int]
    escalated: bool
    cached: bool
    missing: tuple[str, ...]
    limit: str | None


class Replayer:
    """
    Replays cases, in order: what one leaves in budgets, sessions and rates is there for the next.

    Args:
        now: the moment of requests that do not say theirs.
    """

    def __init__(self, policy_set: PolicySet, *, now: datetime) -> None:
        self._policy_set = policy_set
        self._now = now
        self._now_s = now.timestamp()
        declarations = policy_set.declarations
        self._timeouts_s = {name: _timeout_s(provider) for name, provider in declarations.providers.items()}
        signals = LiveSignals(MemoryState(), wall_s=lambda: self._now_s).of(policy_set)
        self._counters = signals.counters
        # A replay calls nothing: what an embedder elsewhere would be asked for is unknown.
        self._caches = None if signals.caches is None or signals.caches.blocking else signals.caches
        known = local_sources(declarations, signals.counters)
        self._sources = Sources(
            known if self._caches is None else (*known, self._caches),
            declarations=declarations,
            emit=_untold,
            wall_s=lambda: self._now_s,
        )

    def replay(self, case: Case) -> Replayed:
        """
        What the policies come to on one case.

        Raises:
            ValueError: the case holds no request.
        """
        request = read_request(case.request, attributes=self._policy_set.declarations.attributes)
        facts = Facts(request, self._policy_set.layout, lambda: self._now)
        self._now_s = facts.at.timestamp()
        while True:
            decision, facts = decided(self._policy_set, facts, learn=self._sources.resolve)
            world = self._world(decision, facts, case)
            try:
                outcome = self._carried_out(decision, facts, world)
            except Overtaken as overtaken:
                facts = overtaken.facts
                continue
            self._count(outcome, facts)
            return replayed(outcome, world)

    def _carried_out(self, decision: Decision, facts: Facts, world: RecordedWorld) -> Outcome:
        facts = self._with_counts_for_limits(decision, facts)
        order = order_for(decision, facts, self._counters, now_s=self._now_s, emit=_untold)
        return drive(execute(decision, facts, self._policy_set, now_s=self._now_s, order=order), world)

    def _with_counts_for_limits(self, decision: Decision, facts: Facts) -> Facts:
        """The facts with what its limits read and no rule has asked for."""
        plan = decision.plan
        limits = {*(plan.limits or ()), *(decision.verdict.modifiers.limits or ())}
        wanted = {"session_escalations": "session", "escalation_rate": f"escalation.{plan.cascade}"}
        groups = tuple(group for limit, group in wanted.items() if limit in limits and group not in facts.signals)
        return facts.knowing(self._sources.resolve(groups, facts)) if groups else facts

    def _world(self, decision: Decision, facts: Facts, case: Case) -> RecordedWorld:
        recheck = Recheck(self._policy_set, decision, facts)
        budgets = self._counters.budgets
        return RecordedWorld(
            case.outcomes,
            cards=self._policy_set.cards,
            timeouts_s=self._timeouts_s,
            money=Money(budgets, facts, emit=_untold, recheck=recheck, wall_s=lambda: self._now_s),
            learn=self._sources.resolve,
            facts=facts,
            now_s=self._now_s,
            kept=None if self._caches is None else Kept(caches=self._caches, decision=decision),
        )

    def _count(self, outcome: Outcome, facts: Facts) -> None:
        """Tells the counters what is known to have become of a request, for the requests after it."""
        known, counters, now_s = replace(outcome, calls=tuple(_recorded(outcome.calls))), self._counters, self._now_s
        measure(known, counters, now_s=now_s)
        count_rate(known, counters, now_s=now_s)
        counters.sessions.record(facts.request.session, turn_of(known), now_s=now_s)
        keep_model(known, facts, counters, now_s=now_s)


def _recorded(calls: Iterable[CallRecord]) -> Iterator[CallRecord]:
    """Those of the calls of which something was recorded; one that has no latency took nobody knows how long."""
    for call in calls:
        if (
            call.failure is None or call.failure.kind is not FailureKind.REQUEST
        ):  # no recorded call fails by its request
            yield call if call.elapsed_ms else replace(call, elapsed_ms=None)


def replayed(outcome: Outcome, world: RecordedWorld) -> Replayed:
    """What an outcome in a recorded world amounts to."""
    missing = dict.fromkeys((*outcome.decision.unknown, *world.missing, *_unsure(outcome)))
    score = None
    if outcome.status in _ANSWERED and world.answer is not None:
        score = world.answer.score
        if score is None:
            missing["the score of the answer"] = None
    return Replayed(
        rule=outcome.decision.rule,
        status=outcome.status,
        score=score,
        cost_usd=world.paid_usd,
        calls=dict(world.calls),
        escalated=outcome.escalations > 0,
        cached=world.cached,
        missing=tuple(missing),
        limit=outcome.limit,
    )


def _unsure(outcome: Outcome) -> list[str]:
    """Why gates were unknown: for each model the tests of its answer that nobody can tell."""
    return [
        f"`{call.model}`: {reason}"
        for call in outcome.calls
        if call.verdict == "unknown"
        for reason in call.reasons
        if "is unknown" in reason
    ]


def _timeout_s(provider: Provider) -> float:
    return float("inf") if provider.kind in _LOCAL else read_settings(provider).timeout_s


def _untold(event: Event) -> None:
    """State in memory does not fail, and a signal that nobody recorded is told with the decision."""
