"""Modifiers of several rules as one: who wins, what adds up, and what the tighter limit is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from policy_engine.model.effect import Limit, Limits, Modifiers
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

LIMIT_KINDS = {
    "escalations": Kind.COUNT,
    "session_escalations": Kind.COUNT,
    "escalation_rate": Kind.SHARE,
    "deadline": Kind.DURATION,
    "cost": Kind.MONEY,
    "max_tokens": Kind.COUNT,
}
"""What each limit is counted in."""

_STRICTNESS = ("full", "redacted", "none")


def merge_modifiers(own: Modifiers, others: list[Modifiers]) -> Modifiers:
    """
    The modifiers of a decision.

    Args:
        own: those of the deciding rule.
        others: those of the modifiers that matched before it, in order.

    Returns:
        `remember`, `shadow` and `stick` of the first rule that has them; the tighter of each limit; params and
        instructions key by key, the deciding rule's own first; `only` and tags of all; the stricter `log`.
    """
    in_order = [*others, own]
    return Modifiers(
        remember=_first(one.remember for one in in_order),
        shadow=_first(one.shadow for one in in_order),
        limits=tightest(one.limits for one in in_order),
        params=_keyed(one.params for one in (own, *others)),
        instructions=_first(one.instructions for one in (own, *others)),
        only=tuple(dict.fromkeys(tag for one in in_order for tag in one.only)),
        stick=_first(one.stick for one in in_order),
        log=max((one.log for one in in_order if one.log), key=_STRICTNESS.index, default=None),
        tags=tuple(dict.fromkeys(tag for one in in_order for tag in one.tags)),
    )


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _keyed(params: Iterable[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    merged: dict[str, Any] = {}
    for one in params:
        for name, value in (one or {}).items():
            merged.setdefault(name, value)
    return merged or None


def tightest(limits: Iterable[Limits | None]) -> Limits | None:
    """The tighter of each limit, or None if there is none; of equal ones the first."""
    tightest: dict[str, Limit] = {}
    for one in limits:
        for name, limit in (one or {}).items():
            if name not in tightest or _amount(name, limit) < _amount(name, tightest[name]):
                tightest[name] = limit
    return tightest or None


def _amount(name: str, limit: Limit) -> Decimal:
    try:
        return parse_quantity(limit.max, LIMIT_KINDS[name])
    except (QuantityError, KeyError):
        return Decimal("Infinity")
