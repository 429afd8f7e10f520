"""Signals of your own: functions registered in Python, asked when a rule needs what they know."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from policy_engine.errors import SignalError
from policy_engine.model.events import Emit, SignalFailed, harmless
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.signals.call import Call, Question, SignalFunction, ask_aside_async, ask_here, ask_here_async

MAX_UNDER_WAY = 64
"""How many calls of one function may be under way or left behind in threads; beyond it, a signal is unknown at once."""


class Registry:
    """
    Which function is asked for which signal.

    Args:
        functions: by name. A plain name stands for a signal of your own (`risk` for `signal.risk`), a dotted one and
            `session` for any other group (`classifier.complexity`, `message.language`).
        on_event: told when one fails.

    Raises:
        TypeError: what stands under a name cannot be called.
    """

    def __init__(self, functions: Mapping[str, SignalFunction], on_event: Emit | None = None) -> None:
        for name, function in functions.items():
            if not callable(function):
                raise TypeError(f"signal `{name}` must be registered as a function that takes a request")
        self._functions = {_group_of(name): function for name, function in functions.items()}
        self._emit = harmless(on_event)
        self._threads: dict[str, tuple[threading.Thread, ...]] = {}

    def knows(self, group: str) -> bool:
        """Whether a function is registered for a group."""
        return group in self._functions

    def learner(self, declarations: Declarations) -> Callable[[tuple[str, ...], Facts], dict[str, object]]:
        """What `decide` learns signals by, with the timeouts that the policies declare."""
        return partial(resolve, registry=self, declarations=declarations)

    def learner_async(
        self, declarations: Declarations
    ) -> Callable[[tuple[str, ...], Facts], Awaitable[dict[str, object]]]:
        """The same for `decide_async`."""
        return partial(resolve_async, registry=self, declarations=declarations)

    def questions(self, groups: tuple[str, ...], facts: Facts, declarations: Declarations) -> tuple[Question, ...]:
        """What to ask for these groups; nothing for those that no function is registered for."""
        return tuple(
            Question(
                group=group,
                function=self._functions[group],
                request=facts.request,
                timeout_s=timeout_s(group, declarations),
            )
            for group in groups
            if group in self._functions
        )

    def put(self, question: Question, on_done: Callable[[], None] | None = None) -> Call:
        """
        Has a question answered in a thread.

        Raises:
            SignalError: too many calls of this function have not come back.
        """
        group = question.group
        under_way = tuple(thread for thread in self._threads.get(group, ()) if thread.is_alive())
        if len(under_way) >= MAX_UNDER_WAY:
            raise SignalError(group, f"{len(under_way)} calls of it have not come back")
        call = Call(question, on_done)
        self._threads[group] = (*under_way, call.thread)
        return call

    def failed(self, question: Question, error: Exception) -> SignalError:
        """What stands for a signal that cannot be learned; tells of it, but never what a request holds."""
        reason = error.reason if isinstance(error, SignalError) else f"it raised `{type(error).__name__}`"
        self._emit(SignalFailed(signal=question.group, reason=reason, error=error))
        return SignalError(question.group, reason)


def resolve(
    groups: tuple[str, ...], facts: Facts, *, registry: Registry, declarations: Declarations
) -> dict[str, object]:
    """
    Values of those signals that a function is registered for; UNKNOWN for one that does not know, a SignalError (not
    raised) for one that fails or takes too long.

    Functions with a declared timeout, and coroutine functions, are asked at the same time, in threads; the others in
    this thread, one after the other.
    """
    asked = [(question, _begun(question, registry)) for question in registry.questions(groups, facts, declarations)]
    return {question.group: _learned(question, answer, registry) for question, answer in asked}


async def resolve_async(
    groups: tuple[str, ...], facts: Facts, *, registry: Registry, declarations: Declarations
) -> dict[str, object]:
    """
    The same, all asked at the same time: coroutine functions in tasks, others in a thread if they have a timeout.

    A plain function without timeout runs on the event loop and holds it up.
    """
    questions = registry.questions(groups, facts, declarations)
    values = await asyncio.gather(*(_learned_async(question, registry) for question in questions))
    return {question.group: value for question, value in zip(questions, values, strict=True)}


def timeout_s(group: str, declarations: Declarations) -> float | None:
    """The declared timeout of a signal of your own, seconds; None if there is none."""
    section, _, name = group.partition(".")
    declared = declarations.signals.get(name) if section == "signal" else None
    if declared is None or declared.timeout is None:
        return None
    return float(parse_quantity(declared.timeout, Kind.DURATION))


def _group_of(name: str) -> str:
    return name if "." in name or name == "session" else f"signal.{name}"


def _begun(question: Question, registry: Registry) -> Callable[[], Any]:
    """What waits for the answer, which is looked for in a thread from now on if need be."""
    if question.timeout_s is None and not question.is_async:
        return lambda: ask_here(question)
    try:
        return registry.put(question).value
    except SignalError as error:
        return _raising(error)


def _learned(question: Question, answer: Callable[[], Any], registry: Registry) -> object:
    try:
        value = answer()
    except Exception as error:  # noqa: BLE001  a signal that fails is unknown, and the failure is told
        return registry.failed(question, error)
    return UNKNOWN if value is None else value


async def _learned_async(question: Question, registry: Registry) -> object:
    try:
        if question.timeout_s is None or question.is_async:
            value = await ask_here_async(question)
        else:
            value = await ask_aside_async(question, registry.put)
    except Exception as error:  # noqa: BLE001  a signal that fails is unknown, and the failure is told
        return registry.failed(question, error)
    return UNKNOWN if value is None else value


def _raising(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer
