"""What a call may cost at most, and what it did cost, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from policy_engine.model.call import Failure, Prompt, Reply, Usage
from policy_engine.model.plan import Card

ASSUMED_MAX_TOKENS = 4096
"""The most output tokens of a call where neither caller, policy nor model says; asked for where money is limited."""


def worst_usd(card: Card, prompt: Prompt, *, input_tokens: int, max_tokens: int | None) -> Decimal | None:
    """
    The most a call can cost, USD: all input at the dearest price it can have and every output token that may come.

    Args:
        max_tokens: what is asked for, or None for the model's own bound.

    Returns:
        None if a price is unknown.
    """
    rates = card.rates(input_tokens)
    keeps_1h = rates.cache_write_1h is not None and _keeps_1h((prompt.messages, prompt.tools, prompt.params))
    return rates.worst_usd(input_tokens, output_tokens(card, max_tokens), keeps_1h=keeps_1h)


def output_tokens(card: Card, max_tokens: int | None) -> int:
    """The most output tokens of a call."""
    bounds = [bound for bound in (max_tokens, card.max_output) if bound is not None]
    return min(bounds, default=ASSUMED_MAX_TOKENS)


def paid_usd(card: Card, usage: Usage | None) -> Decimal | None:
    """What a call cost by its usage, USD; None if the usage or a price is unknown."""
    return None if usage is None else card.rates(usage.input_tokens).paid_usd(usage)


def cost_of(result: Reply | Failure, card: Card, bound_usd: Decimal | None) -> Decimal | None:
    """What a call has to be counted as: the truth, its bound where it may be billed all the same, else nothing."""
    if isinstance(result, Reply):
        return result.paid_usd if result.paid_usd is not None else paid_usd(card, result.usage)
    return bound_usd if result.may_be_billed else Decimal(0)


def _keeps_1h(part: object) -> bool:
    """Whether some part of a prompt asks to be kept in the provider's cache for an hour."""
    if isinstance(part, Mapping):
        control = part.get("cache_control")
        return (isinstance(control, Mapping) and control.get("ttl") == "1h") or any(map(_keeps_1h, part.values()))
    return isinstance(part, list | tuple) and any(map(_keeps_1h, part))
