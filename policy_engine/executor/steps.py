"""The steps of a plan: models called in order, each answer gated, each limit checked before it could be broken."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from policy_engine.compiler.atoms import Judged
from policy_engine.compiler.graph import Node
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.probes import judged_fact
from policy_engine.evaluator.route import Demand
from policy_engine.executor.gate import answer_facts, judges_wanted, reads_confidence, unjudged, verdict_of
from policy_engine.executor.judge import MAX_TOKENS, judge_prompt, score_in
from policy_engine.executor.limits import Bound, bounds_of
from policy_engine.executor.money import ASSUMED_MAX_TOKENS, cost_of, worst_usd
from policy_engine.executor.prompt import prompt_of
from policy_engine.executor.respond import rendered
from policy_engine.model.call import Failure, FailureKind, Prompt, Reply
from policy_engine.model.commands import Answer, Call, Command, Grant, Open, Opened, Relay, Reserve, Settle
from policy_engine.model.decision import Decision
from policy_engine.model.effect import Deny, Respond
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.plan import Answer as PlanAnswer
from policy_engine.model.plan import Card, PlanStep, Target

Work: TypeAlias = Generator[Command, Answer, Outcome | None]


class Steps:
    """Carries out the steps of one decision; `best` is the last whole answer of a model, accepted or not."""

    def __init__(
        self, decision: Decision, facts: Facts, policy_set: PolicySet, *, now_s: float, streaming: bool
    ) -> None:
        self.best: Reply | None = None
        self._decision = decision
        self._facts = facts
        self._policy_set = policy_set
        self._streaming = streaming
        self._modifiers = decision.verdict.modifiers
        self._bounds = bounds_of(decision.plan.limits, self._modifiers.limits)
        self._demand = Demand.of(facts, self._modifiers, decision.plan.limits)
        self._started_s = self._now_s = now_s
        self._spent_usd = Decimal(0)
        self._calls: list[CallRecord] = []

    def run(self) -> Generator[Command, Answer, Outcome]:
        """Every step until one answer is accepted or a limit speaks."""
        plan = self._decision.plan
        escalations = 0
        first = self._first_step()
        if isinstance(first, Bound):
            return (yield from self._otherwise(first))
        for index in range(first, len(plan.steps)):
            if not plan.steps[index].chain:
                continue
            if self._calls and (bound := self._no_further(escalations)) is not None:
                return (yield from self._otherwise(bound))
            escalations += bool(self._calls)
            outcome = yield from self._step(index, plan.steps[index])
            if outcome is not None:
                return outcome
        return self._exhausted(None)

    def _first_step(self) -> int | Bound:
        """Where to begin: while too many requests escalate, at the step of the declared tier."""
        bound, cascade = self._bounds.escalation_rate, self._decision.plan.cascade
        measured = self._facts.signals.get(f"escalation.{cascade}")
        if bound is None or measured is None or measured is UNKNOWN or measured.get("rate", 0) <= float(bound.amount):
            return 0
        for index, step in enumerate(self._decision.plan.steps):
            if any(target.tier == bound.otherwise for target in step.targets):
                return index
        return 0 if bound.otherwise == "last_answer" else bound

    def _no_further(self, escalations: int) -> Bound | None:
        """The limit that forbids one more escalation."""
        bound = self._bounds.escalations
        if bound is not None and escalations >= bound.amount:
            return bound
        bound = self._bounds.session_escalations
        session = self._facts.signals.get("session")
        before = 0 if session is None or session is UNKNOWN else session.get("escalations", 0)
        return bound if bound is not None and before + escalations >= bound.amount else None

    def _step(self, index: int, step: PlanStep) -> Work:
        """Models in order until one answers; None means to go on to the next step."""
        prompt = self._prompt(step.gate)
        for target in step.targets:
            bound = self._no_call(self._worst(target, prompt))
            if bound is not None:
                return (yield from self._otherwise(bound))
            result, opened = yield from self._call(index, target, prompt, gated=step.gate is not None)
            if isinstance(result, Reply):
                self.best = result
                return (yield from self._gated(step.gate, result))
            if opened or not result.kind.is_passed_on:
                return self._failed(f"{target.model}: {result.message}")
        return None

    def _prompt(self, gate: Node | None) -> Prompt:
        # Where money is limited the number of tokens has to be, or the bound would mean nothing.
        assumed = ASSUMED_MAX_TOKENS if self._bounds.cost is not None else None
        limits, confidence = self._decision.plan.limits, reads_confidence(gate)
        return prompt_of(self._facts, self._modifiers, cascade=limits, logprobs=confidence, max_tokens=assumed)

    def _worst(self, target: Target, prompt: Prompt) -> Decimal | None:
        asked = prompt.params.get("max_tokens")
        card = self._policy_set.cards[target.model]
        sent = self._demand.tokens - (self._demand.max_tokens or 0)
        return worst_usd(card, prompt, input_tokens=sent, max_tokens=asked if isinstance(asked, int) else None)

    def _no_call(self, worst_usd: Decimal | None) -> Bound | None:
        """The limit that a call of this bound could break: time that is over, or money that would not do."""
        if self._time_left() is not None and self._time_left() == 0:
            return self._bounds.deadline
        cost = self._bounds.cost
        if cost is not None and (worst_usd is None or self._spent_usd + worst_usd > cost.amount):
            return cost
        return None

    def _time_left(self) -> float | None:
        deadline = self._bounds.deadline
        if deadline is None:
            return None
        return max(0.0, float(deadline.amount) - (self._now_s - self._started_s))

    def _call(
        self, index: int, target: Target, prompt: Prompt, *, gated: bool
    ) -> Generator[Command, Answer, tuple[Reply | Failure, bool]]:
        """The answer of one model, and whether it had begun to stream."""
        worst, card = self._worst(target, prompt), self._policy_set.cards[target.model]
        opened = False
        result: Reply | Failure = Failure(
            kind=FailureKind.TIMEOUT, message="cancelled", elapsed_s=0.0, may_be_billed=True
        )
        grant: Grant = yield from self._ask(Reserve(worst_usd=worst))  # type: ignore[assignment]  # the reply to it
        try:
            if self._streaming and not gated:
                stream = yield from self._ask(Open(model=target.model, prompt=prompt, timeout_s=self._time_left()))
                if isinstance(stream, Opened):
                    opened = True
                    stream = yield from self._ask(Relay(stream=stream.stream))
                result = stream  # type: ignore[assignment]  # a Reply or Failure
            else:
                asked = Call(model=target.model, prompt=prompt, timeout_s=self._time_left())
                result = yield from self._ask(asked)  # type: ignore[assignment]  # a Reply or Failure
        finally:
            self._spend(cost_of(result, card, worst), worst)
            self._record(index, target, result, worst)
            yield Settle(grant=grant, paid_usd=cost_of(result, card, worst))
        return result, opened

    def _ask(self, command: Command) -> Generator[Command, Answer, object]:
        answer = yield command
        self._now_s = answer.now_s
        return answer.value

    def _spend(self, paid: Decimal | None, worst: Decimal | None) -> None:
        self._spent_usd += paid if paid is not None else worst or Decimal(0)

    def _record(
        self, index: int, target: Target, result: Reply | Failure, worst: Decimal | None, purpose: str = "answer"
    ) -> None:
        card = self._policy_set.cards[target.model]
        reply = result if isinstance(result, Reply) else None
        first = None if reply is None or reply.first_token_s is None else reply.first_token_s * 1000
        self._calls.append(
            CallRecord(
                step=index,
                model=target.model,
                tier=target.tier,
                purpose=purpose,
                usage=None if reply is None else reply.usage,
                cost_usd=cost_of(result, card, worst),
                elapsed_ms=result.elapsed_s * 1000,
                first_token_ms=first,
                failure=result if isinstance(result, Failure) else None,
            )
        )

    def _gated(self, gate: Node | None, reply: Reply) -> Work:
        """Accepts an answer or lets the next step try; the gate's verdict goes to the record of the call."""
        if gate is None:
            return self._accepted(reply)
        place = len(self._calls) - 1
        facts = self._facts.answered(answer_facts(reply), {})
        while wanted := next(judges_wanted(gate, facts), None):
            score = yield from self._judged(wanted, reply)
            group = judged_fact(wanted).group
            scores = unjudged(wanted) if score is None else {group: score}
            facts = facts.answered(facts.signals["output"], scores)
        verdict, reasons = verdict_of(gate, facts)
        self._calls[place] = replace(self._calls[place], verdict=verdict, reasons=reasons)
        return self._accepted(reply) if verdict == "true" else None

    def _judged(self, judge: Judged, reply: Reply) -> Generator[Command, Answer, float | None]:
        """A judge's score; None where it may not be asked, cannot be asked in time, or says something else."""
        card: Card | None = self._policy_set.cards.get(judge.model)
        if card is None or not self._demand.allows(card):
            return None
        prompt, target = judge_prompt(judge, self._facts, reply), Target(judge.model, card.tier)
        sent = sum(len(str(message["content"]).encode()) for message in prompt.messages) // 4 + 1
        worst = worst_usd(card, prompt, input_tokens=sent, max_tokens=MAX_TOKENS)
        if self._no_call(worst) is not None:
            return None
        grant: Grant = yield from self._ask(Reserve(worst_usd=worst))  # type: ignore[assignment]  # the reply to it
        result: Reply | Failure = Failure(
            kind=FailureKind.TIMEOUT, message="cancelled", elapsed_s=0.0, may_be_billed=True
        )
        try:
            asked = Call(model=judge.model, prompt=prompt, timeout_s=self._time_left())
            result = yield from self._ask(asked)  # type: ignore[assignment]  # a Reply or Failure
        finally:
            self._spend(cost_of(result, card, worst), worst)
            self._record(self._calls[-1].step, target, result, worst, purpose="judge")
            yield Settle(grant=grant, paid_usd=cost_of(result, card, worst))
        return score_in(result) if isinstance(result, Reply) else None

    def _otherwise(self, bound: Bound) -> Generator[Command, Answer, Outcome]:
        """What is declared to happen at a limit."""
        otherwise = bound.otherwise
        if isinstance(otherwise, Deny):
            return self._outcome(Status.DENIED, limit=bound.name, error=otherwise.message)
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
        for model in () if declared is None else declared.models:
            card = self._policy_set.cards.get(model)
            target = Target(model, tier)
            if card is None or self._demand.misfit(card) or self._no_call(self._worst(target, prompt)) is not None:
                continue
            result, opened = yield from self._call(index, target, prompt, gated=False)
            if isinstance(result, Reply):
                self.best = result
                return replace(self._accepted(result), limit=bound.name)
            if opened or not result.kind.is_passed_on:
                return self._failed(f"{model}: {result.message}")
        return None

    def _accepted(self, reply: Reply) -> Outcome:
        return self._outcome(Status.ACCEPTED, text=reply.text, reply=reply)

    def _exhausted(self, limit: str | None) -> Outcome:
        if self.best is not None:
            return self._outcome(Status.NOT_ACCEPTED, text=self.best.text, reply=self.best, limit=limit)
        if limit is not None:
            return self._outcome(Status.FAILED, limit=limit, error=f"the limit `{limit}` left no answer")
        reasons = [f"{call.model}: {call.failure.message}" for call in self._calls if call.failure is not None]
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
            calls=tuple(self._calls),
            limit=limit,
            error=error,
        )
