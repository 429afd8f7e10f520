"""The prompt of a request under its modifiers: what is really sent to a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policy_engine.evaluator.route import output_bound
from policy_engine.model.call import Prompt
from policy_engine.model.effect import Limits, Modifiers
from policy_engine.model.facts import Facts


def prompt_of(
    facts: Facts,
    modifiers: Modifiers,
    *,
    cascade: Limits | None = None,
    logprobs: bool,
    max_tokens: int | None = None,
) -> Prompt:
    """
    What is sent to a model.

    The policy's params override the caller's, its `max_tokens` limit caps them, its instructions go first as a system
    prompt.

    Args:
        cascade: the limits of the cascade that is run, if any.
        logprobs: whether the step's gate reads token probabilities.
        max_tokens: asked for where nobody else says how much may come.
    """
    request = facts.request
    params: dict[str, Any] = {**request.params, **(modifiers.params or {})}
    bound = output_bound(facts, modifiers, cascade)
    if bound is None:
        bound = max_tokens
    if bound is not None:
        params["max_tokens"] = bound
    if facts.wants_json:
        params.setdefault("response_format", {"type": "json_object"})
    return Prompt(
        messages=_messages(facts, modifiers.instructions), tools=request.tools, params=params, logprobs=logprobs
    )


def _messages(facts: Facts, instructions: str | None) -> Sequence[Mapping[str, Any]]:
    request = facts.request
    messages = request.messages if request.messages is not None else ({"role": "user", "content": request.input or ""},)
    return messages if instructions is None else ({"role": "system", "content": instructions}, *messages)
