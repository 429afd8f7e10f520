"""The calls of one request: each set aside, made, settled and recorded, within what time and money are left."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.limits import Bound, Bounds
from policy_engine.executor.money import cost_of, worst_usd
from policy_engine.model.call import Failure, FailureKind, Prompt, Reply
from policy_engine.model.commands import Answer, Call, Command, Grant, Open, Opened, Overtaken, Relay, Reserve, Settle
from policy_engine.model.outcome import CallRecord
from policy_engine.model.plan import Target

Asked: TypeAlias = Generator[Command, Answer, object]
Called: TypeAlias = Generator[Command, Answer, tuple[Reply | Failure, bool] | Bound]

_CANCELLED = Failure(kind=FailureKind.TIMEOUT, message="cancelled", elapsed_s=0.0, may_be_billed=True)
_EARLY_S = 0.01
"""How much too early a call may end at its deadline; clocks are not that exact."""

_BUDGET = Bound(name="budget", amount=Decimal(0), otherwise="last_answer")


class Attempts:
    """
    What was called so far, and what may still be; a deadline runs from `began_s` on, or else from `now_s`.

    Attributes:
        records: every call, in order.
        now_s: the moment of the last reply of the world.
    """

    def __init__(self, policy_set: PolicySet, bounds: Bounds, *, now_s: float, began_s: float | None = None) -> None:
        self.records: list[CallRecord] = []
        self.now_s = now_s
        self._cards = policy_set.cards
        self._bounds = bounds
        self._began_s = now_s if began_s is None else began_s
        self._spent_usd = Decimal(0)

    def worst_usd(self, target: Target, prompt: Prompt, input_tokens: int) -> Decimal | None:
        """The most that a call can cost; None if a price is unknown."""
        asked = prompt.params.get("max_tokens")
        max_tokens = asked if isinstance(asked, int) else None
        return worst_usd(self._cards[target.model], prompt, input_tokens=input_tokens, max_tokens=max_tokens)

    def forbidding(self, worst_usd: Decimal | None) -> Bound | None:
        """The limit that a call of this bound could break: time that is over, or money that would not do."""
        if self.time_left_s() == 0:
            return self._bounds.deadline
        cost = self._bounds.cost
        if cost is not None and (worst_usd is None or self._spent_usd + worst_usd > cost.amount):
            return cost
        return None

    def time_left_s(self) -> float | None:
        """Seconds until the deadline, None without one."""
        deadline = self._bounds.deadline
        return None if deadline is None else max(0.0, float(deadline.amount) - (self.now_s - self._began_s))

    def deadline_passed(self, failure: Failure) -> Bound | None:
        """The deadline, if it is what ended a call."""
        left_s = self.time_left_s()
        if left_s is None or left_s > (_EARLY_S if failure.kind is FailureKind.TIMEOUT else 0.0):
            return None
        return self._bounds.deadline

    def ask(self, command: Command) -> Asked:
        """What the world replies to a command."""
        answer = yield command
        self.now_s = answer.now_s
        return answer.value

    def call(
        self,
        target: Target,
        prompt: Prompt,
        worst_usd: Decimal | None,
        *,
        step: int,
        purpose: str = "answer",
        streaming: bool = False,
    ) -> Called:
        """
        The answer of one model, and whether it had begun to stream; or the limit that forbids the call.

        Raises:
            Overtaken: nothing was called yet, and the policies would now decide otherwise.
        """
        is_guess = "max_tokens" not in prompt.params and self._cards[target.model].max_output is None
        reserve = Reserve(worst_usd=worst_usd, is_guess=is_guess)
        grant: Grant = yield from self.ask(reserve)  # type: ignore[assignment]  # the reply to it
        if grant.overtaken is not None:
            if not self.records:
                raise Overtaken(grant.overtaken)
            return _BUDGET
        result: Reply | Failure = _CANCELLED
        opened = False
        try:
            if streaming:
                stream = yield from self.ask(Open(model=target.model, prompt=prompt, timeout_s=self.time_left_s()))
                if isinstance(stream, Opened):
                    opened = True
                    stream = yield from self.ask(Relay(stream=stream.stream))
                result = stream  # type: ignore[assignment]  # a Reply or Failure
            else:
                timeout_s = self.time_left_s()
                whole = Call(model=target.model, prompt=prompt, timeout_s=timeout_s, purpose=purpose)
                result = yield from self.ask(whole)  # type: ignore[assignment]  # a Reply or Failure
        finally:
            paid_usd = cost_of(result, self._cards[target.model], worst_usd)
            self._spent_usd += paid_usd if paid_usd is not None else worst_usd or Decimal(0)
            self.records.append(record_of(target, result, paid_usd, step=step, purpose=purpose))
            yield Settle(grant=grant, paid_usd=paid_usd)
        return result, opened

    def add_verdict(self, place: int, verdict: str, reasons: tuple[str, ...]) -> None:
        """Adds a gate's verdict to the record at a place."""
        self.records[place] = replace(self.records[place], verdict=verdict, reasons=reasons)


def record_of(
    target: Target, result: Reply | Failure, cost_usd: Decimal | None, *, step: int, purpose: str
) -> CallRecord:
    """The record of a call that came to this."""
    reply = result if isinstance(result, Reply) else None
    first_s = None if reply is None else reply.first_token_s
    return CallRecord(
        step=step,
        model=target.model,
        tier=target.tier,
        purpose=purpose,
        usage=None if reply is None else reply.usage,
        cost_usd=cost_usd,
        elapsed_ms=result.elapsed_s * 1000,
        first_token_ms=None if first_s is None else first_s * 1000,
        failure=result if isinstance(result, Failure) else None,
    )
