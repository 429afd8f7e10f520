"""An engine's signals: `decide` and `complete` ask the same sources, in the same order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from policy_engine.engine import Engine
from policy_engine.model.decision import Decision
from policy_engine.model.request import Request

POLICY = """\
version: 1
tasks: [chat, ask]
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 1000}, max_output: 10}}
tiers: [{name: fast, models: [small]}]
budgets: {daily: {amount: $0.02, window: day}}
rules:
  - {name: frugal, when: {budget: {daily: {used: {gte: 50%}}}}, on_unknown: skip, then: {respond: {text: Enough.}}}
default: {route: fast}
"""
CHAT = Request(task="chat", input="hello there, how are you today?")


async def _streamed(engine: Engine) -> Decision:
    async with engine.stream_async(CHAT) as answer:
        async for _ in answer:
            pass
    assert answer.outcome is not None
    return answer.outcome.decision


def _read(engine: Engine) -> Decision:
    with engine.stream(CHAT) as answer:
        list(answer)
    assert answer.outcome is not None
    return answer.outcome.decision


WAYS: dict[str, Callable[[Engine], Decision]] = {
    "decide": lambda engine: engine.decide(CHAT),
    "decide traced": lambda engine: engine.decide(CHAT, trace=True),
    "decide_async": lambda engine: asyncio.run(engine.decide_async(CHAT)),
    "complete": lambda engine: engine.complete(CHAT).decision,
    "complete_async": lambda engine: asyncio.run(engine.complete_async(CHAT)).decision,
    "stream": _read,
    "stream_async": lambda engine: asyncio.run(_streamed(engine)),
}
each_way = pytest.mark.parametrize("decide", WAYS.values(), ids=list(WAYS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy folder with a budget."""
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


@each_way
def test_counters_are_known_to_every_decision(folder: Path, decide: Callable[[Engine], Decision]) -> None:
    """What was spent is known to the rules, whoever asks them."""
    with Engine.open(folder, watch=False) as engine:
        before = engine.decide(CHAT).rule
        engine.complete(CHAT)

        assert (before, decide(engine).rule) == (None, "frugal")


@each_way
def test_a_registered_function_wins_everywhere(folder: Path, decide: Callable[[Engine], Decision]) -> None:
    """A function registered for a counter is asked in its place."""
    spent = {"budget.daily": lambda request: {"used": 0.9, "left": 0.002}}
    with Engine.open(folder, watch=False, signals=spent) as engine:
        assert decide(engine).rule == "frugal"


@each_way
def test_what_the_request_supplies_wins_over_all(folder: Path, decide: Callable[[Engine], Decision]) -> None:
    """Nobody is asked for what the request says itself; the ways that take the constant request are asked."""
    asked: list[Request] = []
    supplied = Request(input="hi", signals={"budget": {"daily": {"used": 0.9, "left": 0}}})
    with Engine.open(folder, watch=False, signals={"budget.daily": asked.append}) as engine:
        rule = engine.decide(supplied).rule
        assert (rule, asked) == ("frugal", [])

        assert decide(engine).unknown == ("budget.daily",)
        assert asked == [CHAT]
