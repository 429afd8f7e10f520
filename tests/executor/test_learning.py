"""Signals asked for gates in the world: in time, or unknown with a reason."""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import SignalTimeout
from policy_engine.executor.learning import learned, learned_async
from policy_engine.model.commands import Learn
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.executor.worlds import policy_set

KNOWN = {"signal.risk": 0.5}


@pytest.fixture
def facts(tmp_path: Path) -> Facts:
    """What is known of a request."""
    policies: PolicySet = policy_set(tmp_path)
    return Facts(Request(task="plain", input="x"), policies.layout)


def command(timeout_s: float | None) -> Learn:
    """Two signals that are asked for."""
    return Learn(signals=("signal.risk", "signal.tone"), timeout_s=timeout_s)


@pytest.mark.parametrize("timeout_s", [None, 10.0])
def test_signals_are_asked_by_their_groups(timeout_s: float | None, facts: Facts) -> None:
    """What the source says comes back as it is, with a deadline or without, awaited or not."""
    asked: list[tuple[str, ...]] = []

    def learn(groups: tuple[str, ...], given: Facts) -> Mapping[str, Any]:
        asked.append(groups)
        return KNOWN if given is facts else {}

    async def learn_async(groups: tuple[str, ...], given: Facts) -> Mapping[str, Any]:
        return learn(groups, given)

    values = learned(command(timeout_s), learn, facts)
    awaited = asyncio.run(learned_async(command(timeout_s), learn_async, facts))

    assert (values, awaited) == (KNOWN, KNOWN)
    assert asked == [("signal.risk", "signal.tone")] * 2


def test_what_takes_too_long_is_a_timeout_of_each_signal(facts: Facts) -> None:
    """The request goes on in time, whatever the source does."""
    never = threading.Event()

    def learn(groups: tuple[str, ...], given: Facts) -> Mapping[str, Any]:
        never.wait(10)
        return KNOWN

    async def learn_async(groups: tuple[str, ...], given: Facts) -> Mapping[str, Any]:
        await asyncio.sleep(10)
        return KNOWN

    values = learned(command(0.01), learn, facts)
    awaited = asyncio.run(learned_async(command(0.01), learn_async, facts))
    never.set()

    for told in (values, awaited):
        assert list(told) == ["signal.risk", "signal.tone"]
        assert all(isinstance(value, SignalTimeout) and value.timeout_s == 0.01 for value in told.values())


def test_without_a_source_nothing_is_known(facts: Facts) -> None:
    """A world without signals answers with none."""
    assert learned(command(None), None, facts) == {}
    assert asyncio.run(learned_async(command(None), None, facts)) == {}
