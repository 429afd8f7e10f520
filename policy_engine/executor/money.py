"""What a call may cost at most, and what it did cost, exactly."""

from __future__ import annotations

from decimal import Decimal

from policy_engine.evaluator.route import price_usd
from policy_engine.model.call import Failure, Reply, Usage
from policy_engine.model.plan import Card

ASSUMED_MAX_TOKENS = 4096
"""The most output tokens of a call where neither caller, policy nor model says; asked for where money is limited."""


def worst_usd(card: Card, *, input_tokens: int, max_tokens: int | None) -> Decimal | None:
    """
    The most a call can cost, USD: all input at the full price and every output token that may come.

    Args:
        max_tokens: what is asked for, or None for the model's own bound.

    Returns:
        None if a price is unknown.
    """
    bound = output_tokens(card, max_tokens)
    sent, answered = price_usd(input_tokens, card.input_price), price_usd(bound, card.output_price)
    return None if sent is None or answered is None else sent + answered


def output_tokens(card: Card, max_tokens: int | None) -> int:
    """The most output tokens of a call."""
    bounds = [bound for bound in (max_tokens, card.max_output) if bound is not None]
    return min(bounds, default=ASSUMED_MAX_TOKENS)


def paid_usd(card: Card, usage: Usage | None) -> Decimal | None:
    """What a call cost by its usage, USD; None if the usage or a price is unknown."""
    if usage is None:
        return None
    cached_price = card.input_price if card.cached_input_price is None else card.cached_input_price
    parts = (
        price_usd(usage.input_tokens - usage.cached_input_tokens, card.input_price),
        price_usd(usage.cached_input_tokens, cached_price),
        price_usd(usage.output_tokens, card.output_price),
    )
    known = [part for part in parts if part is not None]
    return sum(known, Decimal(0)) if len(known) == len(parts) else None


def cost_of(result: Reply | Failure, card: Card, bound_usd: Decimal | None) -> Decimal | None:
    """What a call has to be counted as: the truth, its bound where it may be billed all the same, else nothing."""
    if isinstance(result, Reply):
        return paid_usd(card, result.usage)
    return bound_usd if result.may_be_billed else Decimal(0)
