"""One shadow, as a generator: another model asked what the caller asked, and the two answers compared."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.probes import sample_position
from policy_engine.evaluator.route import Demand, NeedsLatency, choose
from policy_engine.executor.attempts import Attempts
from policy_engine.executor.compare import COMPARISONS
from policy_engine.executor.judge import comparison_prompt, score_in, tokens_of
from policy_engine.executor.limits import Bound, Bounds
from policy_engine.executor.money import ASSUMED_MAX_TOKENS
from policy_engine.executor.prompt import prompt_of
from policy_engine.model.call import Reply
from policy_engine.model.commands import Answer, Command, Learn, Overtaken
from policy_engine.model.decision import Decision
from policy_engine.model.effect import Shadow
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.plan import Target
from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.model.shadow import ShadowPlan, ShadowResult
from policy_engine.providers.protocol import Provider

SHADOW_S = 120.0
"""How long one shadow may take, its judge's time included."""

OVER_BUDGET = "its budget would not hold"
NO_OTHER_MODEL = "no other model may be asked"

Shadowing: TypeAlias = Generator[Command, Answer, ShadowResult | str]

_ANSWERED = (Status.ANSWERED, Status.ACCEPTED, Status.NOT_ACCEPTED)
_BOUNDS = Bounds(deadline=Bound(name="deadline", amount=Decimal(SHADOW_S), otherwise="fail"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowJob:
    """
    A request that was answered, with the policies that it began with and keeps.

    Attributes:
        id: the request's name in the ledger.
        facts, decision, outcome: what was known, decided, and answered.
        provider_of: the providers of these policies.
        learn: signals that the shadow's route reads, such as measured latencies.
    """

    id: str
    policy_set: PolicySet
    facts: Facts
    decision: Decision
    outcome: Outcome
    provider_of: Callable[[str], Provider]
    learn: Callable[[tuple[str, ...], Facts], Mapping[str, Any]] | None = None


def shadow_of(job: ShadowJob) -> tuple[Shadow, ShadowPlan] | None:
    """
    The shadow that is to be asked about a request, None if there is none.

    There is one for a sticky share of requests that were answered: by the request's id, or without one by the job's.
    """
    shadow = job.decision.verdict.modifiers.shadow
    if shadow is None or job.outcome.status not in _ANSWERED:
        return None
    plan = job.policy_set.shadows[shadow.address]
    ceiling = parse_quantity(shadow.share, Kind.SHARE) * 2**64
    key = job.facts.request.id or job.id
    return (shadow, plan) if sample_position(f"{plan.rule}/shadow", key) < ceiling else None


def shadowing(job: ShadowJob, shadow: Shadow, plan: ShadowPlan, *, now_s: float, at_s: float) -> Shadowing:
    """
    Asks the first model of a shadow's route that answers, and compares.

    Args:
        now_s: the moment, seconds of the clock that replies carry.
        at_s: the same as Unix seconds.

    Returns:
        The result, or why nobody was asked.
    """
    return (yield from _Shadow(job, shadow, now_s=now_s, at_s=at_s).run(plan))


class _Shadow:
    def __init__(self, job: ShadowJob, shadow: Shadow, *, now_s: float, at_s: float) -> None:
        modifiers, limits = job.decision.verdict.modifiers, job.decision.plan.limits
        self._job = job
        self._shadow = shadow
        self._at_s = at_s
        self._demand = Demand.of(job.facts, modifiers, limits)
        self._attempts = Attempts(job.policy_set, _BOUNDS, now_s=now_s)
        # Where money is limited the number of tokens has to be, or the bound would mean nothing.
        assumed = None if shadow.budget is None else ASSUMED_MAX_TOKENS
        self._prompt = prompt_of(job.facts, modifiers, cascade=limits, logprobs=False, max_tokens=assumed)
        self._against = _answered_by(job.outcome)

    def run(self, plan: ShadowPlan) -> Shadowing:
        targets = yield from self._targets(plan)
        failure = NO_OTHER_MODEL
        asked: Target | None = None
        for target in targets:
            worst_usd = self._attempts.worst_usd(target, self._prompt, self._demand.tokens_sent)
            try:
                called = yield from self._attempts.call(target, self._prompt, worst_usd, step=0, purpose="shadow")
            except Overtaken:
                return OVER_BUDGET
            if isinstance(called, Bound):
                failure = OVER_BUDGET
                break
            asked, (result, _) = target, called
            if isinstance(result, Reply):
                return (yield from self._compared(target, result))
            failure = str(result.kind)
            if not result.kind.is_passed_on:
                break
        return failure if asked is None else self._result(asked, agreement=None, latency_s=None, failure=failure)

    def _targets(self, plan: ShadowPlan) -> Generator[Command, Answer, tuple[Target, ...]]:
        """The models that may be asked and can hold the request, without the one that answered."""
        facts = self._job.facts
        while True:
            try:
                targets = choose(plan.chain, self._job.policy_set, facts, self._demand, [])
                return tuple(target for target in targets if target.model != self._against)
            except NeedsLatency as needs:
                told = yield from self._attempts.ask(Learn(signals=needs.groups, timeout_s=None))
                known = told if isinstance(told, Mapping) else {}
                facts = facts.knowing({group: known.get(group, UNKNOWN) for group in needs.groups})

    def _compared(self, target: Target, reply: Reply) -> Shadowing:
        agreement: float | None
        failure: str | None = None
        if self._shadow.compare == "judge":
            judged = yield from self._judged(target, reply)
            agreement, failure = (None, judged) if isinstance(judged, str) else (judged, None)
        else:
            given = self._job.outcome.message or {"content": self._job.outcome.text}
            agreement = COMPARISONS[self._shadow.compare](given, reply.message)
            failure = "neither answer is JSON" if agreement is None else None
        return self._result(target, agreement=agreement, latency_s=reply.elapsed_s, failure=failure)

    def _judged(self, asked: Target, reply: Reply) -> Generator[Command, Answer, float | str]:
        """How far the shadow's answer does as well, by the declared judge or the model that answered; or why not."""
        name = self._shadow.judge_model or self._against or asked.model
        card = self._job.policy_set.cards.get(name)
        if card is None or not self._demand.allows(card):
            return "`only` rules the judge out"
        facts, given = self._job.facts, self._job.outcome.text
        prompt = comparison_prompt(self._shadow.judge_question, facts, given, reply.text)
        target = Target(name, card.tier)
        worst_usd = self._attempts.worst_usd(target, prompt, tokens_of(prompt))
        called = yield from self._attempts.call(target, prompt, worst_usd, step=0, purpose="shadow")
        if isinstance(called, Bound):
            return OVER_BUDGET
        result, _ = called
        if not isinstance(result, Reply):
            return f"the judge failed: {result.kind}"
        score = score_in(result)
        return "the judge gave no score" if score is None else score

    def _result(
        self, target: Target, *, agreement: float | None, latency_s: float | None, failure: str | None
    ) -> ShadowResult:
        # What a judge of a shadow costs is the price of the shadow, so its call is one of the shadow's too.
        calls = tuple(self._attempts.records)
        return ShadowResult(
            id=self._job.id,
            at_s=self._at_s,
            model=target.model,
            tier=target.tier,
            against=self._against,
            compare=self._shadow.compare,
            agreement=agreement,
            cost_usd=_cost_usd(calls),
            latency_ms=None if latency_s is None else latency_s * 1000,
            failure=failure,
            calls=calls,
        )


def _answered_by(outcome: Outcome) -> str | None:
    if outcome.status is Status.ANSWERED:
        return None
    answers = [call.model for call in outcome.calls if call.purpose == "answer" and call.failure is None]
    return answers[-1] if answers else None


def _cost_usd(calls: tuple[CallRecord, ...]) -> Decimal | None:
    known = [call.cost_usd for call in calls if call.cost_usd is not None]
    return sum(known, Decimal(0)) if len(known) == len(calls) else None
