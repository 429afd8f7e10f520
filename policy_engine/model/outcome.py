"""What carrying out a decision came to: the answer, every call on the way, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy_engine.model.call import Failure, Usage
    from policy_engine.model.decision import Decision


class Status(StrEnum):
    """How an outcome ended."""

    ANSWERED = "answered"
    """Without a model."""
    ACCEPTED = "accepted"
    """By a model, its gate passed or there was none."""
    NOT_ACCEPTED = "not_accepted"
    """The best answer so far, though no gate passed: a limit spoke, or the steps ran out."""
    DENIED = "denied"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """The caller left before the end; seen in the ledger only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """
    One call of a decision, made or not.

    Attributes:
        step: 0-based step of the plan.
        model, tier: which was called; names of the policy, and `PROVIDER/MODEL` of an embedder.
        purpose: `answer`, `judge`, `shadow`, or `embedding` for one that a signal or a cache needed.
        usage: tokens, None if unknown.
        cost_usd: None if the price or the usage is unknown, never 0 for that reason.
        elapsed_ms, first_token_ms: None if not measured.
        verdict: `true`, `false` or `unknown` of the step's gate, None without one.
        reasons: why the gate said so.
        failure: None if there was an answer.
    """

    step: int
    model: str
    tier: str | None
    purpose: str = "answer"
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    elapsed_ms: float | None = None
    first_token_ms: float | None = None
    verdict: str | None = None
    reasons: tuple[str, ...] = ()
    failure: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        """The call for programs; what is unknown is null."""
        usage, failure = self.usage, self.failure
        return {
            "step": self.step,
            "model": self.model,
            "tier": self.tier,
            "purpose": self.purpose,
            "usage": None if usage is None else _usage_json(usage),
            "cost_usd": _number(self.cost_usd),
            "elapsed_ms": self.elapsed_ms,
            "first_token_ms": self.first_token_ms,
            "verdict": self.verdict,
            "reasons": list(self.reasons),
            "failure": None if failure is None else _failure_json(failure),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What came of a request.

    Attributes:
        decision: what the policies said.
        status: how it ended.
        text: the answer; empty if there is none.
        message: the assistant's message in OpenAI's shape, or None.
        calls: every call, in order.
        limit: the name of the limit that spoke, or None.
        kept: the model that a `stick` put first, or None.
        put_off: models that were tried later than written, or not at all, since they failed lately.
        error: why there is no answer, for a person.
        http_status: what a server should say where it is denied; None otherwise.
        uncounted: whether budgets or other counters could not be reached, so that something of it is not counted.
    """

    decision: Decision
    status: Status
    text: str = ""
    message: Mapping[str, Any] | None = None
    calls: tuple[CallRecord, ...] = field(default_factory=tuple)
    limit: str | None = None
    error: str | None = None
    kept: str | None = None
    put_off: tuple[str, ...] = ()
    http_status: int | None = None
    uncounted: bool = False

    @property
    def cost_usd(self) -> Decimal | None:
        """What all calls cost together; None if one of them is unknown."""
        costs = [call.cost_usd for call in self.calls]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(costs) else None

    @property
    def escalations(self) -> int:
        """How many steps the answer took beyond the first that was tried."""
        return max(0, len({call.step for call in self.calls if call.purpose == "answer"}) - 1)

    @property
    def escalated_unsure(self) -> bool:
        """Whether some step was left because its gate was unknown, which says nothing about the answer."""
        last = max((call.step for call in self.calls if call.purpose == "answer"), default=0)
        return any(call.verdict == "unknown" and call.step < last for call in self.calls)

    def to_json(self) -> dict[str, Any]:
        """The outcome in the shape of schema outcome.v1."""
        return {
            "decision": self.decision.to_json(),
            "status": str(self.status),
            "text": self.text,
            "message": None if self.message is None else dict(self.message),
            "calls": [call.to_json() for call in self.calls],
            "cost_usd": _number(self.cost_usd),
            "escalations": self.escalations,
            "limit": self.limit,
            "kept": self.kept,
            "put_off": list(self.put_off),
            "error": self.error,
            "http_status": self.http_status,
            "uncounted": self.uncounted,
        }


def _number(cost_usd: Decimal | None) -> float | None:
    return None if cost_usd is None else float(cost_usd)


def _usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }


def _failure_json(failure: Failure) -> dict[str, Any]:
    return {
        "kind": str(failure.kind),
        "message": failure.message,
        "status": failure.status,
        "retry_after_s": failure.retry_after_s,
        "may_be_billed": failure.may_be_billed,
    }
