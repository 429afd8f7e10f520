"""Calling a function that may take too long: the caller goes on in time, whatever the function does."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from policy_engine.errors import SignalTimeout
from policy_engine.model.request import Request

SignalFunction: TypeAlias = Callable[[Request], Any]
"""Gives the value of a signal for a request, or an awaitable of it; None means that it does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A function to be asked about a request; `group` is the signal's name, `timeout_s` None means to wait for ever."""

    group: str
    function: SignalFunction
    request: Request
    timeout_s: float | None = None

    @property
    def is_async(self) -> bool:
        """Whether the function, or object that is called like one, is a coroutine function."""
        function = self.function
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004  (what kind of function it is matters, not whether)
        )


class Call:
    """
    A question put in a thread of its own, which is left behind if it takes too long.

    A thread costs some 50 µs, little beside what needs a timeout, and unlike a pool it survives a fork and does not
    keep the process from ending.
    """

    def __init__(self, question: Question, on_done: Callable[[], None] | None = None) -> None:
        self._question = question
        self._value: Any = None
        self._error: Exception | None = None
        self._done = threading.Event()
        self._on_done = on_done
        self._began = time.monotonic()
        run = contextvars.copy_context().run
        self.thread = threading.Thread(target=run, args=(self._run,), name="policy_engine-signal", daemon=True)
        self.thread.start()

    def value(self) -> Any:
        """
        What the function gave. Blocks until then, or until the timeout, counted from when the question was put.

        Raises:
            SignalTimeout: it has not come back in time.
            Exception: what the function raised.
        """
        timeout_s = self._question.timeout_s
        left_s = None if timeout_s is None else max(0.0, self._began + timeout_s - time.monotonic())
        if not self._done.wait(left_s) and timeout_s is not None:
            raise SignalTimeout(self._question.group, timeout_s)
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            value = self._question.function(self._question.request)
            self._value = asyncio.run(_within(value, self._question)) if inspect.isawaitable(value) else value
        except Exception as error:  # noqa: BLE001  it is raised where the value is asked for
            self._error = error
        except BaseException as error:  # noqa: BLE001  the same; but it must not end whoever asks
            self._error = RuntimeError(repr(error))
        self._done.set()
        if self._on_done is not None:
            self._on_done()


def ask_here(question: Question) -> Any:
    """What a function gives, called in this thread; raises what it raises."""
    value = question.function(question.request)
    if not inspect.isawaitable(value):
        return value
    return Call(Question(group=question.group, function=lambda _: value, request=question.request)).value()


async def ask_here_async(question: Question) -> Any:
    """
    What a function gives, awaited in this task where it is a coroutine.

    Raises:
        SignalTimeout: it has not come back in time. It is told to end, and left behind if it does not.
        Exception: what the function raised.
    """
    value = question.function(question.request)
    if not inspect.isawaitable(value):
        return value
    return await _within(value, question)


async def ask_aside_async(question: Question, put: Callable[[Question, Callable[[], None]], Call]) -> Any:
    """
    The same for a function that is put in a thread by `put`, which is given what to call when it has come back.

    Raises:
        SignalTimeout: it has not come back in time.
        Exception: what the function raised.
    """
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(done.set)

    call = put(question, tell)
    await _within(done.wait(), question)
    return call.value()


async def _within(awaitable: Awaitable[Any], question: Question) -> Any:
    """What an awaitable gives, within the question's timeout; at the timeout it is told to end."""
    task = asyncio.ensure_future(awaitable)
    try:
        await asyncio.wait({task}, timeout=question.timeout_s)
    finally:
        if not task.done():
            task.add_done_callback(_forget)
            task.cancel()
    if not task.done() and question.timeout_s is not None:
        raise SignalTimeout(question.group, question.timeout_s)
    if task.cancelled():
        raise RuntimeError("it was cancelled")
    return task.result()


def _forget(task: asyncio.Future[Any]) -> None:
    """Takes the exception of a task that nobody waits for any more, so that nobody is told of it."""
    if not task.cancelled():
        task.exception()
