"""The steps of a plan: models called in order, each answer gated, each limit checked before it could be broken."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from policy_engine.compiler.graph import Node
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.route import Demand
from policy_engine.executor.attempts import Attempts
from policy_engine.executor.gate import reads_confidence
from policy_engine.executor.gating import Gating
from policy_engine.executor.limits import Bound, bounds_of
from policy_engine.executor.money import ASSUMED_MAX_TOKENS
from policy_engine.executor.order import Order
from policy_engine.executor.prompt import prompt_of
from policy_engine.executor.respond import rendered
from policy_engine.model.call import Failure, Prompt, Reply
from policy_engine.model.commands import Admit, Answer, Command
from policy_engine.model.decision import Decision
from policy_engine.model.effect import Deny, Respond
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.outcome import Outcome, Status
from policy_engine.model.plan import Answer as PlanAnswer
from policy_engine.model.plan import PlanStep, Target

Work: TypeAlias = Generator[Command, Answer, Outcome | None]
Limiting: TypeAlias = Generator[Command, Answer, Bound | None]


class Steps:
    """Carries out the steps of one decision; `best` is the last whole answer of a model, accepted or not."""

    def __init__(
        self,
        decision: Decision,
        facts: Facts,
        policy_set: PolicySet,
        *,
        now_s: float,
        began_s: float | None = None,
        streaming: bool,
        order: Order,
    ) -> None:
        self.best: Reply | None = None
        self._decision = decision
        self._facts = facts
        self._policy_set = policy_set
        self._streaming = streaming
        self._modifiers = decision.verdict.modifiers
        self._bounds = bounds_of(decision.plan.limits, self._modifiers.limits)
        self._demand = Demand.of(facts, self._modifiers, decision.plan.limits)
        self._attempts = Attempts(policy_set, self._bounds, now_s=now_s, began_s=began_s)
        self._gating = Gating(policy_set, facts, self._demand, self._attempts)
        self._order = order
        self._put_off: list[str] = []
        self._kept: str | None = None
        self._spoken: str | None = None
        self._tripped: Bound | None = None

    def run(self) -> Generator[Command, Answer, Outcome]:
        """Every step until one answer is accepted or a limit speaks."""
        plan = self._decision.plan
        escalations = 0
        self._tripped = yield from self._passed_rate()
        first = self._first_step()
        if isinstance(first, Bound):
            return (yield from self._otherwise(first))
        for index in range(first, len(plan.steps)):
            if not plan.steps[index].chain:
                continue
            if self._attempts.records and (bound := (yield from self._no_further(escalations))) is not None:
                return (yield from self._otherwise(bound))
            escalations += bool(self._attempts.records)
            outcome = yield from self._step(index, plan.steps[index])
            if outcome is not None:
                return outcome
        return self._exhausted(None)

    def left(self) -> Outcome:
        """What a request came to whose caller did not wait for the end."""
        return self._outcome(Status.CANCELLED, error="the caller did not wait for the end")

    def _first_step(self) -> int | Bound:
        """Where to begin: while too many requests escalate, at the step of the declared tier."""
        bound = self._tripped
        if bound is None or bound.otherwise == "last_answer":
            return 0
        for index, step in enumerate(self._decision.plan.steps):
            if any(target.tier == bound.otherwise for target in step.targets):
                self._spoken = bound.name
                return index
        return bound

    def _passed_rate(self) -> Limiting:
        """The limit on the escalation rate, if by the facts or by now too many requests escalate."""
        bound, cascade = self._bounds.escalation_rate, self._decision.plan.cascade
        if bound is None:
            return None
        measured = self._facts.signals.get(f"escalation.{cascade}")
        if measured is not None and measured is not UNKNOWN and measured.get("rate", 0) > float(bound.amount):
            return bound
        is_let_in = yield from self._attempts.ask(Admit(limit=bound.name, most=bound.amount))
        return bound if is_let_in is False else None

    def _no_further(self, escalations: int) -> Limiting:
        """The limit that forbids one more escalation."""
        tripped = self._tripped
        if tripped is not None and tripped.otherwise == "last_answer":
            return tripped
        bound = self._bounds.escalations
        if bound is not None and escalations >= bound.amount:
            return bound
        bound = self._bounds.session_escalations
        if bound is None:
            return None
        session = self._facts.signals.get("session")
        before = 0 if session is None or session is UNKNOWN else session.get("escalations", 0)
        if before + escalations >= bound.amount:
            return bound
        is_let_in = yield from self._attempts.ask(Admit(limit=bound.name, most=bound.amount))
        return bound if is_let_in is False else None

    def _step(self, index: int, step: PlanStep) -> Work:
        """Models in order until one answers; None means to go on to the next step."""
        prompt = self._prompt(step.gate)
        for target in self._ordered(step.targets):
            called = yield from self._call(index, target, prompt, gated=step.gate is not None)
            if isinstance(called, Bound):
                return (yield from self._otherwise(called))
            result, opened = called
            if isinstance(result, Reply):
                self.best = result
                return (yield from self._gated(index, step.gate, result))
            deadline = self._attempts.deadline_passed(result)
            if opened or not result.kind.is_passed_on:
                limit = None if deadline is None else deadline.name
                return self._outcome(Status.FAILED, error=f"{target.model}: {result.message}", limit=limit)
            if deadline is not None:
                return (yield from self._otherwise(deadline))
        return None

    def _ordered(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """The models of a step in the order in which they are tried, which is noted where it is not the written one."""
        ordered = self._order.of(targets)
        self._put_off += [model for model in self._order.put_off(targets) if model not in self._put_off]
        if ordered and ordered[0].model == self._order.kept:
            self._kept = self._order.kept
        return ordered

    def _call(
        self, index: int, target: Target, prompt: Prompt, *, gated: bool
    ) -> Generator[Command, Answer, tuple[Reply | Failure, bool] | Bound]:
        """The answer of one model, and whether it had begun to stream; or the limit that forbids the call."""
        worst_usd = self._worst_usd(target, prompt)
        bound = self._attempts.forbidding(worst_usd)
        if bound is not None:
            return bound
        streaming = self._streaming and not gated
        called = yield from self._attempts.call(target, prompt, worst_usd, step=index, streaming=streaming)
        if isinstance(called, tuple) and isinstance(called[0], Failure) and called[0].retry_after_s is not None:
            self._order = self._order.after(target.model, called[0].retry_after_s)
        return called

    def _prompt(self, gate: Node | None) -> Prompt:
        # Where money is limited the number of tokens has to be, or the bound would mean nothing.
        assumed = ASSUMED_MAX_TOKENS if self._bounds.cost is not None else None
        limits, confidence = self._decision.plan.limits, reads_confidence(gate)
        return prompt_of(self._facts, self._modifiers, cascade=limits, logprobs=confidence, max_tokens=assumed)

    def _worst_usd(self, target: Target, prompt: Prompt) -> Decimal | None:
        return self._attempts.worst_usd(target, prompt, self._demand.tokens_sent)

    def _gated(self, index: int, gate: Node | None, reply: Reply) -> Work:
        """Accepts an answer or lets the next step try; the gate's verdict goes to the record of the call."""
        if gate is None:
            return self._accepted(reply)
        place = len(self._attempts.records) - 1
        verdict, reasons = yield from self._gating.verdict(gate, reply, index)
        self._attempts.add_verdict(place, verdict, reasons)
        return self._accepted(reply) if verdict == "true" else None

    def _otherwise(self, bound: Bound) -> Generator[Command, Answer, Outcome]:
        """What is declared to happen at a limit."""
        otherwise = bound.otherwise
        if isinstance(otherwise, Deny):
            denied = self._outcome(Status.DENIED, limit=bound.name, error=otherwise.message)
            return replace(denied, http_status=otherwise.status)
        if isinstance(otherwise, Respond):
            answer = PlanAnswer(text=otherwise.text, json=otherwise.json, template=otherwise.template)
            return self._outcome(Status.ANSWERED, text=rendered(answer, self._facts), limit=bound.name)
        if otherwise == "fail":
            return self._outcome(Status.FAILED, limit=bound.name, error=f"the limit `{bound.name}` was reached")
        if otherwise != "last_answer":
            outcome = yield from self._tier(otherwise, bound)
            if outcome is not None:
                return outcome
        return self._exhausted(bound.name)

    def _tier(self, tier: str, bound: Bound) -> Work:
        """The declared tier's answer, ungated, within what time and money are left."""
        declared = self._policy_set.declarations.tiers.get(tier)
        prompt, index = self._prompt(None), len(self._decision.plan.steps)
        for target in self._ordered(self._fitting(() if declared is None else declared.models, tier)):
            called = yield from self._call(index, target, prompt, gated=False)
            if isinstance(called, Bound):
                continue
            result, opened = called
            if isinstance(result, Reply):
                self.best = result
                return replace(self._accepted(result), limit=bound.name)
            if opened or not result.kind.is_passed_on:
                return self._failed(f"{target.model}: {result.message}")
        return None

    def _fitting(self, models: tuple[str, ...], tier: str) -> tuple[Target, ...]:
        cards = self._policy_set.cards
        fitting = [model for model in models if model in cards and not self._demand.misfit(cards[model])]
        return tuple(Target(model, tier) for model in fitting)

    def _accepted(self, reply: Reply) -> Outcome:
        return self._outcome(Status.ACCEPTED, text=reply.text, reply=reply)

    def _exhausted(self, limit: str | None) -> Outcome:
        if self.best is not None:
            return self._outcome(Status.NOT_ACCEPTED, text=self.best.text, reply=self.best, limit=limit)
        if limit is not None:
            return self._outcome(Status.FAILED, limit=limit, error=f"the limit `{limit}` left no answer")
        reasons = [
            f"{call.model}: {call.failure.message}" for call in self._attempts.records if call.failure is not None
        ]
        return self._failed("; ".join(reasons) or "no model can serve this request")

    def _failed(self, error: str) -> Outcome:
        return self._outcome(Status.FAILED, error=error)

    def _outcome(
        self,
        status: Status,
        *,
        text: str = "",
        reply: Reply | None = None,
        limit: str | None = None,
        error: str | None = None,
    ) -> Outcome:
        message = {"role": "assistant", "content": text} if text else None
        return Outcome(
            decision=self._decision,
            status=status,
            text=text,
            message=message if reply is None else reply.message,
            calls=tuple(self._attempts.records),
            limit=limit if limit is not None else self._spoken,
            error=error,
            kept=self._kept,
            put_off=tuple(self._put_off),
        )
