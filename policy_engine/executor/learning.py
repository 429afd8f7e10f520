"""Signals for gates: asked within the time that is left, and unknown with a reason where that is not enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from policy_engine.errors import SignalError, SignalTimeout
from policy_engine.evaluator.decide import Learn as LearnNow
from policy_engine.evaluator.decide import LearnAsync
from policy_engine.model.commands import Learn
from policy_engine.model.facts import Facts

Values: TypeAlias = Mapping[str, Any]


def learned(command: Learn, learn: LearnNow | None, facts: Facts) -> Values:
    """
    What signals say, by group; for all of them a SignalTimeout (not raised) if they take too long.

    Blocks for as long as the command allows. What takes longer is left behind in its thread.
    """
    if learn is None:
        return {}
    if command.timeout_s is None:
        return learn(command.signals, facts)
    from policy_engine.signals.call import Call  # needs asyncio, which gates without a deadline do not

    question = _question(command, lambda: learn(command.signals, facts), facts)
    try:
        values: Values = Call(question).value()
    except SignalTimeout:
        return _late(command, command.timeout_s)
    return values


async def learned_async(command: Learn, learn: LearnAsync | None, facts: Facts) -> Values:
    """The same as `learned`, awaited; what takes too long is told to end."""
    if learn is None:
        return {}
    if command.timeout_s is None:
        return await learn(command.signals, facts)
    from policy_engine.signals.call import ask_here_async

    question = _question(command, lambda: learn(command.signals, facts), facts)
    try:
        values: Values = await ask_here_async(question)
    except SignalTimeout:
        return _late(command, command.timeout_s)
    return values


def _question(command: Learn, ask: Callable[[], Values | Awaitable[Values]], facts: Facts) -> Any:
    from policy_engine.signals.call import Question

    names = ", ".join(command.signals)
    return Question(group=names, function=lambda _: ask(), request=facts.request, timeout_s=command.timeout_s)


def _late(command: Learn, timeout_s: float) -> dict[str, SignalError]:
    return {group: SignalTimeout(group, timeout_s) for group in command.signals}
