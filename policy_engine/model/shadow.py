"""Shadows: whom to ask beside the model that answers, and how the two answers compared."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy_engine.model.outcome import CallRecord
    from policy_engine.model.plan import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPlan:
    """The models of a rule's `shadow`, in order; `rule` is the rule's name, `default` for the bundle's default."""

    rule: str
    chain: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowResult:
    """
    What a shadow came to. Holds no text of a request or an answer.

    Attributes:
        id: the name under which the request was handed in.
        at_s: when the shadow was done, Unix seconds.
        model, tier: who was asked last.
        against: the model that answered the caller, None without one.
        compare: `exact`, `json`, `similarity` or `judge`.
        agreement: how far the answers agree, from 0 to 1; for `judge`, how far the shadow's does as well. None if
            there is nothing to compare, and `failure` says why.
        cost_usd: what all its calls cost, its judge's too; None if unknown.
        latency_ms: how long the model took, None if it gave no answer.
        calls: all its calls.
    """

    id: str
    at_s: float
    model: str
    tier: str | None
    against: str | None
    compare: str
    agreement: float | None
    cost_usd: Decimal | None
    latency_ms: float | None
    failure: str | None = None
    calls: tuple[CallRecord, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The result for programs, without its calls; money is text, as it is exact."""
        return {
            "model": self.model,
            "tier": self.tier,
            "against": self.against,
            "compare": self.compare,
            "agreement": self.agreement,
            "cost_usd": None if self.cost_usd is None else format(self.cost_usd, "f"),
            "latency_ms": self.latency_ms,
            "failure": self.failure,
        }
