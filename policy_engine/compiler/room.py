"""How many tokens an answer may have by the policies, and how long a text every model of a plan surely takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy_engine.model.effect import Limits, Modifiers
from policy_engine.model.plan import UNBOUNDED, Card, Plan, Target
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity


def answer_bound(modifiers: Modifiers, cascade: Limits | None, asked: object = None) -> int | None:
    """
    The most tokens the answer may have, None if nobody says.

    It is the policy's `max_tokens` before the caller's, capped by the limits of the modifiers and of the cascade.

    Args:
        asked: the caller's; what is no whole number says nothing.
    """
    params = modifiers.params
    bound: int | None = None
    if params and "max_tokens" in params:
        bound = _count(params["max_tokens"])
    elif type(asked) is int:
        bound = asked
    for limits in (modifiers.limits, cascade):
        if limits and (limit := limits.get("max_tokens")) is not None:
            cap = _count(limit.max)
            bound = cap if bound is None or cap < bound else bound
    return bound


def room_of(plan: Plan, modifiers: Modifiers, cards: Mapping[str, Card]) -> int:
    """
    How many characters a request that is nothing but a text may have so that it surely fits every model of a plan.

    Returns:
        -1 where each request needs that look: models are chosen by request, or one may not fit whatever the text.
    """
    if modifiers.only:
        return -1
    if plan.answer is not None or plan.refusal is not None:
        return UNBOUNDED
    links = [link for step in plan.steps for link in step.chain]
    fitting = [cards[link.model] for link in links if isinstance(link, Target)]
    if len(fitting) < len(links) or not fitting:
        return -1
    try:
        bound = answer_bound(modifiers, plan.limits) or 0
    except QuantityError:
        return -1  # the validator tells
    if not all(_answers(card, bound) for card in fitting):
        return -1
    # A text has at most as many tokens as characters.
    contexts = [card.context - bound for card in fitting if card.context is not None]
    return max(-1, min(contexts, default=UNBOUNDED))


def _answers(card: Card, bound: int) -> bool:
    """Whether a model takes text and may answer at such length."""
    return (card.accepts is None or "text" in card.accepts) and (card.max_output is None or bound <= card.max_output)


def _count(written: Any) -> int:
    # Mostly a plain number, and asked for every request.
    return written if type(written) is int else int(parse_quantity(written, Kind.COUNT))
