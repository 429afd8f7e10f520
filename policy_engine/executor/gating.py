"""Gates at work: what a gate has to know is learned, judges are asked, and the verdict says what it rests on."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, TypeAlias

from policy_engine.compiler.atoms import Judged
from policy_engine.compiler.graph import Node
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.probes import judged_fact
from policy_engine.errors import SignalError
from policy_engine.evaluator.only import ruled_out
from policy_engine.evaluator.possible import pending
from policy_engine.evaluator.route import Demand
from policy_engine.executor.attempts import Attempts
from policy_engine.executor.gate import answer_facts, judges_wanted, verdict_of
from policy_engine.executor.judge import judge_prompt, score_in, tokens_of
from policy_engine.executor.limits import Bound
from policy_engine.model.call import Reply
from policy_engine.model.commands import Answer, Command, Learn
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.plan import Target
from policy_engine.model.vocabulary import Stage

Verdict: TypeAlias = tuple[str, tuple[str, ...]]


class Gating:
    """
    The gates of one request. What one of them has learned the next one knows.

    Whatever cannot be learned is unknown, which accepts nothing, and the verdict says why.
    """

    def __init__(self, policy_set: PolicySet, facts: Facts, demand: Demand, attempts: Attempts) -> None:
        forbidden = tuple(ruled_out(policy_set.declarations, set(demand.only))) if demand.only else ()
        self._cards = policy_set.cards
        self._facts = facts.without(forbidden) if forbidden else facts
        self._demand = demand
        self._attempts = attempts
        self._causes: dict[str, str] = dict.fromkeys(forbidden, "`only` rules it out")

    def verdict(self, gate: Node, reply: Reply, step: int) -> Generator[Command, Answer, Verdict]:
        """`true`, `false` or `unknown` about an answer, and why it is not true."""
        answer = answer_facts(reply)
        yield from self._learn(gate, answer)
        facts = self._facts.answered(answer, {})
        while (judge := next(judges_wanted(gate, facts), None)) is not None:
            group = judged_fact(judge).group
            score = yield from self._score(judge, reply, step)
            if isinstance(score, str):
                self._causes[group] = score
            facts = facts.answered(answer, {group: UNKNOWN if isinstance(score, str) else score})
        return verdict_of(gate, facts, self._causes)

    def _learn(self, gate: Node, answer: Mapping[str, Any]) -> Generator[Command, Answer, None]:
        """Asks for signals stage by stage while they could settle the gate."""
        while wanted := _wanted(gate, self._facts.answered(answer, {})):
            timeout_s = self._attempts.time_left_s()
            learned: Mapping[str, Any] = dict.fromkeys(wanted, UNKNOWN)
            if timeout_s == 0:
                self._causes.update(dict.fromkeys(wanted, "the deadline has passed"))
            else:
                told = yield from self._attempts.ask(Learn(signals=wanted, timeout_s=timeout_s))
                learned = {**learned, **_of(told, wanted)}
            reasons = {group: value.reason for group, value in learned.items() if isinstance(value, SignalError)}
            self._causes.update(reasons)
            self._facts = self._facts.knowing(learned)

    def _score(self, judge: Judged, reply: Reply, step: int) -> Generator[Command, Answer, float | str]:
        """A judge's score, or why there is none."""
        card = self._cards.get(judge.model)
        if card is None or not self._demand.allows(card):
            return "`only` rules the judge out"
        prompt, target = judge_prompt(judge, self._facts, reply), Target(judge.model, card.tier)
        worst_usd = self._attempts.worst_usd(target, prompt, tokens_of(prompt))
        if (bound := self._attempts.forbidding(worst_usd)) is not None:
            return f"the limit `{bound.name}` leaves no room for the judge"
        called = yield from self._attempts.call(target, prompt, worst_usd, step=step, purpose="judge")
        if isinstance(called, Bound):
            return f"the limit `{called.name}` leaves no room for the judge"
        result, _ = called
        if not isinstance(result, Reply):
            return f"the judge failed: {result.kind}"
        score = score_in(result)
        return "the judge gave no score" if score is None else score


def _wanted(gate: Node, facts: Facts) -> tuple[str, ...]:
    """The signals of the earliest stage that could still settle a gate; those of answers aside."""
    stages = [(stage, group) for stage, group in pending((gate,), facts) if stage is not Stage.ANSWER]
    earliest = min((stage for stage, _ in stages), default=None)
    return tuple(dict.fromkeys(group for stage, group in stages if stage is earliest))


def _of(told: object, wanted: tuple[str, ...]) -> Mapping[str, Any]:
    return {group: told[group] for group in wanted if group in told} if isinstance(told, Mapping) else {}
