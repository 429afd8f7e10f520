"""Executions in the world: models behind providers, money in budgets, pieces relayed as they come."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.executor.drive import drive, drive_async
from policy_engine.executor.execute import Execution, execute
from policy_engine.executor.reach import StateUnreachable
from policy_engine.executor.world import AsyncLiveWorld, LiveWorld, Money, relay, relay_async
from policy_engine.model.call import Chunk
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome, Status
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.providers.registry import Providers
from policy_engine.signals.budgets import Budgets, budgets_of
from policy_engine.state.aside import Aside
from policy_engine.state.memory import MemoryState

POLICIES = """
version: 1
tasks: [chat]
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 1000}, max_output: 10}}
tiers: [{name: fast, models: [small]}]
budgets: {daily: {amount: $1, window: day}}
default: {route: fast}
"""
NOW_S = 1_800_000_000.0
REQUEST = Request(task="chat", input="hello")


def no_network() -> None:
    """What makes the world of providers that need one; here none does."""
    raise AssertionError("nothing is sent")


@pytest.fixture
def policies(tmp_path: Path) -> PolicySet:
    """Policies with one local model and a budget."""
    (tmp_path / "policy.yaml").write_text(POLICIES, encoding="utf-8")
    result = build(tmp_path)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


@pytest.fixture
def budgets(policies: PolicySet) -> Budgets:
    """The budgets of these policies, all unspent."""
    return Budgets(MemoryState(), budgets_of(policies.declarations))


def world_of(policies: PolicySet, budgets: Budgets | None) -> AsyncLiveWorld:
    """A world over the providers that the policies declare."""
    events: list[Event] = []
    providers = Providers(policies.declarations, no_network)
    money = Money(budgets, Facts(REQUEST, policies.layout), emit=events.append, wall_s=lambda: NOW_S)
    return AsyncLiveWorld(providers.get, policies.cards, money, clock=lambda: 0.0)


def begun(policies: PolicySet, *, streaming: bool = False) -> Execution:
    """The execution of a request's decision."""
    facts = Facts(REQUEST, policies.layout)
    return execute(decide(policies, REQUEST), facts, policies, now_s=0.0, streaming=streaming)


def text_of(items: Iterator[Chunk | Outcome]) -> str:
    """What a caller has read in the end."""
    return "".join(item.text for item in items if isinstance(item, Chunk))


def test_a_model_answers_and_its_budget_knows(policies: PolicySet, budgets: Budgets) -> None:
    """The provider that the model declares is called, and what it cost is counted."""
    world: LiveWorld = world_of(policies, budgets)

    outcome = drive(begun(policies), world)

    spent = budgets.read("daily", Facts(REQUEST, policies.layout), now_s=NOW_S)
    assert (outcome.status, outcome.text) == (Status.ACCEPTED, "a fine answer")
    assert outcome.cost_usd is not None
    assert Decimal(repr(spent["used"])) == outcome.cost_usd


def test_the_same_awaited(policies: PolicySet) -> None:
    """The asynchronous world gives the same answer."""
    outcome = asyncio.run(drive_async(begun(policies), world_of(policies, None)))

    assert (outcome.status, outcome.text) == (Status.ACCEPTED, "a fine answer")


def test_a_stream_is_relayed_and_ends_with_the_outcome(policies: PolicySet) -> None:
    """Its pieces make the answer, and the last item is what it came to."""
    items = list(relay(begun(policies, streaming=True), world_of(policies, None)))

    assert text_of(iter(items)) == "a fine answer"
    assert isinstance(items[-1], Outcome)
    assert items[-1].text == "a fine answer"


def test_a_stream_is_relayed_awaited(policies: PolicySet) -> None:
    """The same in the asynchronous world."""

    async def read() -> list[Chunk | Outcome]:
        return [item async for item in relay_async(begun(policies, streaming=True), world_of(policies, None))]

    items = asyncio.run(read())

    assert text_of(iter(items)) == "a fine answer"
    assert isinstance(items[-1], Outcome)


def test_a_caller_that_goes_away_leaves_nothing_reserved(policies: PolicySet, budgets: Budgets) -> None:
    """Closing a stream half way settles what was set aside, at its bound."""
    pieces = relay(begun(policies, streaming=True), world_of(policies, budgets))
    next(pieces)

    pieces.close()  # type: ignore[attr-defined]  # a generator

    spent = budgets.read("daily", Facts(REQUEST, policies.layout), now_s=NOW_S)
    bound = Decimal(2 + 10) * 1000 / 1_000_000
    assert Decimal(repr(spent["used"])) == bound


class HangingState(MemoryState):
    """A state that sets nothing aside before it is let go."""

    blocking = True  # type: ignore[assignment]  # of a constant

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def hold(self, *arguments: Any, **more: Any) -> tuple[int, ...]:
        """What counters stand at, once it is let go."""
        self.let_go.wait(10)
        return super().hold(*arguments, **more)


@pytest.mark.parametrize(("on_state_error", "is_called"), [("allow", True), ("deny", False)])
def test_nobody_waits_long_for_money_to_be_set_aside(policies: PolicySet, on_state_error: str, is_called: bool) -> None:
    """What hangs counts as out of reach, and what is set aside too late is given back."""
    state, aside, events = HangingState(), Aside(wait_s=0.01), list[Event]()
    budgets, facts = Budgets(state, budgets_of(policies.declarations)), Facts(REQUEST, policies.layout)
    money = Money(budgets, facts, emit=events.append, on_state_error=on_state_error, wall_s=lambda: NOW_S)
    providers = Providers(policies.declarations, no_network)
    world = AsyncLiveWorld(providers.get, policies.cards, money, aside=aside)

    with nullcontext() if is_called else pytest.raises(StateUnreachable):
        asyncio.run(drive_async(begun(policies), world))
    state.let_go.set()
    aside.close(timeout_s=10)

    assert events == [SignalFailed(signal="budget", reason="no answer within 0.01 s")]
    assert money.is_uncounted
    assert budgets.read("daily", facts, now_s=NOW_S) == {"used": 0.0, "left": 1.0}
