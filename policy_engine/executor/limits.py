"""The limits of one request, read once: how far it may escalate, how long it may take, what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from policy_engine.evaluator.merge import LIMIT_KINDS, tightest
from policy_engine.model.effect import Limits, Otherwise
from policy_engine.model.quantity import parse_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One limit: its amount (a count, a share, seconds or USD, by its name) and what happens there."""

    name: str
    amount: Decimal
    otherwise: Otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits that are in force for one request; None where there is none."""

    escalations: Bound | None = None
    session_escalations: Bound | None = None
    escalation_rate: Bound | None = None
    deadline: Bound | None = None
    cost: Bound | None = None


def bounds_of(*limits: Limits | None) -> Bounds:
    """The bounds that limits from several places come to, the tighter of each."""
    merged = tightest(limits) or {}
    read = {name: Bound(name=name, amount=_amount(name, merged), otherwise=merged[name].otherwise) for name in merged}
    return Bounds(**{name: read[name] for name in Bounds.__dataclass_fields__ if name in read})


def _amount(name: str, limits: Limits) -> Decimal:
    return parse_quantity(limits[name].max, LIMIT_KINDS[name])
