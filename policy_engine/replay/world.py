"""The world of a replay: calls are answered from recorded outcomes, on a clock that recorded latencies move."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from policy_engine.evaluator.decide import Learn as LearnNow
from policy_engine.executor.world import Money
from policy_engine.model.call import Failure, FailureKind, Reply, Usage
from policy_engine.model.commands import Answer, Call, Command, Learn, Lookup, Reserve, Settle, Store
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Card
from policy_engine.replay.outcomes import Recorded

if TYPE_CHECKING:
    from policy_engine.signals.caches.caches import Caches


_SUPPLIED = Reply(message={}, finish_reason="stop", usage=None, elapsed_s=0.0, unsaid=frozenset(("text",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The caches as one decision uses them."""

    caches: Caches
    decision: Decision

    def reply(self, cache: str, facts: Facts, *, now_s: float) -> Reply | None:
        """The answer of the entry that the decision saw."""
        return self.caches.reply(cache, facts, now_s=now_s)

    def store(self, cache: str, facts: Facts, reply: Reply, *, now_s: float) -> None:
        """Keeps an answer."""
        self.caches.store(cache, facts, reply, decision=self.decision, now_s=now_s)


class RecordedWorld:
    """
    Does what an execution asks, from what was recorded about one request. It never waits.

    Args:
        outcomes: by the policy's own name of a model, or the provider's where that one is not recorded.
        timeouts_s: how long each provider waits for an answer.
        money: the budgets.
        learn: signals for gates.
        now_s: when the request came in, seconds.
        kept: the caches; None where there are none.

    Attributes:
        calls: how often each model was called.
        paid_usd: what all calls cost; None once the cost of one is not recorded.
        answer: what was recorded of the last whole answer, or None.
        cached: whether a cache answered.
        missing: what was needed and is not recorded, in words.
    """

    def __init__(
        self,
        outcomes: Mapping[str, Recorded],
        *,
        cards: Mapping[str, Card],
        timeouts_s: Mapping[str, float],
        money: Money,
        learn: LearnNow,
        facts: Facts,
        now_s: float,
        kept: Kept | None = None,
    ) -> None:
        self._kept = kept
        self.calls: Counter[str] = Counter()
        self.paid_usd: Decimal | None = Decimal(0)
        self.answer: Recorded | None = None
        self.cached = False
        self.missing: dict[str, None] = {}
        self.now_s = now_s
        self._outcomes = outcomes
        self._cards = cards
        self._timeouts_s = timeouts_s
        self._money = money
        self._learn = learn
        self._facts = facts

    def do(self, command: Command) -> Answer:
        """The reply to one command, and the moment to which it moves the clock."""
        return Answer(value=self._do(command), now_s=self.now_s)

    def _do(self, command: Command) -> Any:
        match command:
            case Reserve():
                return self._money.reserve(command)
            case Settle():
                return self._money.settle(command)
            case Learn(signals=signals):
                return self._learn(signals, self._facts)
            case Lookup(cache=cache):
                self.cached = True
                found = None if self._kept is None else self._kept.reply(cache, self._facts, now_s=self.now_s)
                return _SUPPLIED if found is None else found  # the request itself may have said that it is a hit
            case Store() if self._kept is not None:
                self._store(command, self._kept)
            case Call():
                return self._call(command)
        return None

    def _store(self, command: Store, kept: Kept) -> None:
        """Keeps an answer, of which the text and how it ended have to be recorded."""
        unsaid = sorted(command.reply.unsaid & {"text", "finish_reason"})
        for name in unsaid:
            self.missing[f"`{name}` of an answer for cache `{command.cache}`"] = None
        if not unsaid:
            kept.store(command.cache, self._facts, command.reply, now_s=self.now_s)

    def _call(self, call: Call) -> Reply | Failure:
        self.calls[call.model] += 1
        if call.purpose == "judge":
            return self._unrecorded(f"the judgement of `{call.model}`")
        card = self._cards[call.model]
        recorded = self._outcomes.get(call.model) or self._outcomes.get(card.model)
        if recorded is None:
            return self._unrecorded(f"an outcome of `{call.model}`")
        self._pay(recorded, call.model)
        patience_s = min(self._timeouts_s[card.provider], math.inf if call.timeout_s is None else call.timeout_s)
        if recorded.latency_s is None and call.timeout_s is not None:
            self.missing[f"`latency_ms` of `{call.model}`, for a deadline"] = None
        elapsed_s = recorded.latency_s or 0.0
        self.now_s += min(elapsed_s, patience_s)
        if elapsed_s > patience_s:
            message = f"no answer within {patience_s:g} s"
            return Failure(kind=FailureKind.TIMEOUT, message=message, elapsed_s=patience_s, may_be_billed=True)
        self.answer = recorded
        return reply_of(recorded)

    def _pay(self, recorded: Recorded, model: str) -> None:
        if recorded.cost_usd is None:
            self.missing[f"`cost_usd` of `{model}`"] = None
        known = self.paid_usd is not None and recorded.cost_usd is not None
        self.paid_usd = self.paid_usd + recorded.cost_usd if known else None  # type: ignore[operator]  # both are known

    def _unrecorded(self, what: str) -> Failure:
        """Ends the execution: what another model would have done then, nobody knows."""
        self.missing[what] = None
        self.paid_usd = None
        return Failure(kind=FailureKind.REQUEST, message=f"{what} is not recorded", elapsed_s=0.0)


def reply_of(recorded: Recorded) -> Reply:
    """The reply that a recorded answer was; what was not kept is unsaid, and no gate knows it."""
    unsaid = [("text", recorded.text), ("tokens", recorded.output_tokens), ("finish_reason", recorded.finish_reason)]
    return Reply(
        message={"role": "assistant", "content": recorded.text},
        finish_reason=recorded.finish_reason or "",
        usage=_usage(recorded),
        elapsed_s=recorded.latency_s or 0.0,
        confidence=recorded.confidence,
        paid_usd=recorded.cost_usd,
        unsaid=frozenset(name for name, value in unsaid if value is None),
    )


def _usage(recorded: Recorded) -> Usage | None:
    if recorded.output_tokens is None:
        return None
    return Usage(input_tokens=recorded.input_tokens or 0, output_tokens=recorded.output_tokens)
