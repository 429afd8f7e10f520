"""Tests of signals learned from functions registered in Python."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from policy_engine.diagnostics import Address
from policy_engine.errors import SignalError
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import AttributeType, Declarations, SignalDeclaration
from policy_engine.model.request import Request
from policy_engine.signals.registry import MAX_UNDER_WAY, Registry, timeout_s

Ask = Callable[..., dict[str, object]]


def declared(**timeouts: str | None) -> Declarations:
    """Declarations of signals of one's own, with their timeouts."""
    address = Address("policy.yaml", ("signals",))
    signals = {
        name: SignalDeclaration(name=name, type=AttributeType.NUMBER, address=address, timeout=timeout)
        for name, timeout in timeouts.items()
    }
    return Declarations(fingerprint="", signals=signals)


def facts(declarations: Declarations) -> Facts:
    """The facts of some request."""
    return Facts(Request(id="r1", input="hello"), layout_of(declarations))


def in_words(learned: dict[str, object]) -> dict[str, object]:
    """What was learned, a failure by its reason."""
    return {group: value.reason if isinstance(value, SignalError) else value for group, value in learned.items()}


def ask(functions: dict[str, Any], *groups: str, events: list[Event] | None = None, **timeouts: str | None) -> Any:
    """What the functions say, asked from a plain function."""
    declarations = declared(**timeouts)
    registry = Registry(functions, None if events is None else events.append)
    return in_words(registry.learner(declarations)(groups, facts(declarations)))


def ask_async(
    functions: dict[str, Any], *groups: str, events: list[Event] | None = None, **timeouts: str | None
) -> Any:
    """What the functions say, asked from a coroutine."""
    declarations = declared(**timeouts)
    registry = Registry(functions, None if events is None else events.append)
    return in_words(asyncio.run(registry.learner_async(declarations)(groups, facts(declarations))))


both_ways = pytest.mark.parametrize("ask", [ask, ask_async], ids=["sync", "async"])


@pytest.fixture
def hold() -> Iterator[threading.Event]:
    """What functions can wait for that are to take too long; set when the test is over."""
    event = threading.Event()
    yield event
    event.set()


@both_ways
def test_a_function_is_asked_with_the_request(ask: Ask) -> None:
    """A plain name stands for a signal of one's own, and the function gets the whole request."""
    assert ask({"risk": lambda request: len(request.input)}, "signal.risk", risk=None) == {"signal.risk": 5}


@both_ways
def test_a_dotted_name_is_taken_as_it_is(ask: Ask) -> None:
    """Other groups than signals of one's own can be registered too."""
    functions = {"message.language": lambda request: "en"}

    assert ask(functions, "message.language") == {"message.language": "en"}


@both_ways
def test_what_nobody_registered_is_left_out(ask: Ask) -> None:
    """Groups without a function are not in the answer, and functions that are not asked for are not called."""
    called: list[Request] = []

    assert ask({"other": called.append}, "signal.risk", "cache.support") == {}
    assert called == []


@both_ways
@pytest.mark.parametrize("timeout", [None, "20s"])
def test_coroutine_functions_are_awaited(ask: Ask, timeout: str | None) -> None:
    """A coroutine function works from both sides, with a timeout and without."""

    async def risk(request: Request) -> float:
        await asyncio.sleep(0)
        return 0.5

    assert ask({"risk": risk}, "signal.risk", risk=timeout) == {"signal.risk": 0.5}


@both_ways
@pytest.mark.parametrize("timeout", [None, "20s"])
def test_an_object_may_stand_for_a_function(ask: Ask, timeout: str | None) -> None:
    """Whatever can be called will do, also if what it gives has to be awaited."""

    class Risk:
        async def __call__(self, request: Request) -> float:
            return 0.5

    functions = {"risk": Risk(), "fraud": lambda request: Risk()(request)}

    said = ask(functions, "signal.risk", "signal.fraud", risk=timeout, fraud=timeout)

    assert said == {"signal.risk": 0.5, "signal.fraud": 0.5}


@both_ways
@pytest.mark.parametrize("timeout", [None, "20s"])
def test_a_function_that_raises_is_unknown(ask: Ask, timeout: str | None) -> None:
    """An exception makes the signal unknown and is told without the request's text."""
    events: list[Event] = []

    def risk(request: Request) -> float:
        raise ValueError(f"cannot judge {request.input}")

    said = ask({"risk": risk, "calm": lambda request: 1}, "signal.risk", "signal.calm", events=events, risk=timeout)

    assert said == {"signal.risk": "it raised `ValueError`", "signal.calm": 1}
    assert events == [SignalFailed(signal="signal.risk", reason="it raised `ValueError`")]


@both_ways
def test_nothing_is_unknown(ask: Ask) -> None:
    """A function that gives None does not know, which is no failure."""
    events: list[Event] = []

    assert ask({"risk": lambda request: None}, "signal.risk", events=events) == {"signal.risk": UNKNOWN}
    assert events == []


@both_ways
def test_a_plain_function_that_takes_too_long_is_unknown(ask: Ask, hold: threading.Event) -> None:
    """Whoever asks goes on at the timeout, whatever the function does."""
    events: list[Event] = []

    said = ask({"risk": lambda request: hold.wait(60)}, "signal.risk", events=events, risk="10ms")

    assert said == {"signal.risk": "no answer within 0.01 s"}
    assert events == [SignalFailed(signal="signal.risk", reason="no answer within 0.01 s")]


@both_ways
def test_a_coroutine_that_takes_too_long_is_unknown(ask: Ask) -> None:
    """A coroutine is given up at the timeout."""
    events: list[Event] = []

    async def risk(request: Request) -> float:
        await asyncio.sleep(60)
        return 1.0

    assert ask({"risk": risk}, "signal.risk", events=events, risk="10ms") == {"signal.risk": "no answer within 0.01 s"}
    assert events == [SignalFailed(signal="signal.risk", reason="no answer within 0.01 s")]


def test_a_coroutine_that_will_not_end_is_left_behind() -> None:
    """One that goes on after being told to end holds nobody up."""
    went_on: list[str] = []

    async def stubborn(request: Request) -> float:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            went_on.append("once more")
            await asyncio.sleep(0.05)
        raise ValueError("nobody hears this")

    assert ask_async({"risk": stubborn}, "signal.risk", risk="10ms") == {"signal.risk": "no answer within 0.01 s"}
    assert went_on == ["once more"]


@both_ways
def test_functions_with_timeouts_are_asked_at_the_same_time(ask: Ask) -> None:
    """Each of two functions waits for the other to have begun."""
    meeting = threading.Barrier(2)

    def meet(request: Request) -> float:
        meeting.wait(20)
        return 1.0

    said = ask({"risk": meet, "fraud": meet}, "signal.risk", "signal.fraud", risk="30s", fraud="30s")

    assert said == {"signal.risk": 1.0, "signal.fraud": 1.0}


def test_coroutine_functions_are_asked_at_the_same_time() -> None:
    """In a coroutine, each of two tasks waits for the other to have begun."""
    begun: dict[str, asyncio.Event] = {}

    def meeting(mine: str, other: str) -> Any:
        async def meet(request: Request) -> float:
            begun.setdefault(mine, asyncio.Event()).set()
            await begun.setdefault(other, asyncio.Event()).wait()
            return 1.0

        return meet

    functions = {"risk": meeting("a", "b"), "fraud": meeting("b", "a")}

    said = ask_async(functions, "signal.risk", "signal.fraud", risk="30s", fraud=None)

    assert said == {"signal.risk": 1.0, "signal.fraud": 1.0}


@both_ways
def test_a_function_sees_the_context_of_whoever_asks(ask: Ask) -> None:
    """Context variables, such as those of tracing, reach a function in a thread."""
    variable = contextvars.ContextVar("variable", default="none")
    variable.set("mine")

    assert ask({"risk": lambda request: variable.get()}, "signal.risk", risk="20s") == {"signal.risk": "mine"}


def test_calls_that_never_come_back_are_bounded(hold: threading.Event) -> None:
    """Once too many calls of a function are stuck, it is not called any more; when they end, it is."""
    events: list[Event] = []
    calls: list[threading.Thread] = []
    begun = threading.Semaphore(0)

    def risk(request: Request) -> float:
        calls.append(threading.current_thread())
        begun.release()
        hold.wait(60)
        return 0.5

    impatient, patient = declared(risk="1ms"), declared(risk="20s")
    registry = Registry({"risk": risk}, events.append)

    for _ in range(MAX_UNDER_WAY + 3):
        registry.learner(impatient)(("signal.risk",), facts(impatient))
    all_begun = [begun.acquire(timeout=20) for _ in range(MAX_UNDER_WAY)]
    stuck = len(calls)
    hold.set()
    for thread in calls:
        thread.join(20)
    said = registry.learner(patient)(("signal.risk",), facts(patient))

    assert all(all_begun)
    assert stuck == MAX_UNDER_WAY
    assert events[-1] == SignalFailed(signal="signal.risk", reason=f"{MAX_UNDER_WAY} calls of it have not come back")
    assert said == {"signal.risk": 0.5}


def test_a_cancelled_decision_cancels_its_signals() -> None:
    """Whoever stops waiting for a decision stops its coroutines too."""
    ended = threading.Event()

    async def risk(request: Request) -> float:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()
        return 1.0

    async def give_up() -> None:
        declarations = declared(risk="60s")
        learn = Registry({"risk": risk}).learner_async(declarations)
        task = asyncio.ensure_future(learn(("signal.risk",), facts(declarations)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())

    assert ended.is_set()


def test_what_cannot_be_called_is_refused() -> None:
    """A caller's mistake is told when the functions are registered."""
    with pytest.raises(TypeError, match="signal `risk` must be registered as a function that takes a request"):
        Registry({"risk": 0.5})  # type: ignore[dict-item]  # the mistake


@pytest.mark.parametrize(
    ("group", "seconds"), [("signal.risk", 0.3), ("signal.calm", None), ("signal.other", None), ("cache.risk", None)]
)
def test_timeouts_are_those_declared(group: str, seconds: float | None) -> None:
    """Only signals of one's own have a declared timeout, in seconds."""
    assert timeout_s(group, declared(risk="300ms", calm=None)) == seconds


def test_a_late_answer_waits_no_longer_than_its_own_timeout(hold: threading.Event) -> None:
    """Timeouts are counted from when the question was put, not one after the other."""
    functions = {name: lambda request: hold.wait(60) for name in ("a", "b", "c", "d")}
    began = time.monotonic()

    ask(functions, *(f"signal.{name}" for name in functions), **dict.fromkeys(functions, "200ms"))

    assert time.monotonic() - began < 0.2 * len(functions)
