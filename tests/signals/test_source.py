"""Tests of sources asked together: who is asked, what is unknown, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from policy_engine.diagnostics import Address
from policy_engine.errors import SignalError, StateError
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations, Setting
from policy_engine.model.request import Request
from policy_engine.signals.registry import Registry
from policy_engine.signals.source import FailureCounts, Source, Sources

DECLARED = Declarations(
    fingerprint="",
    budgets={
        name: Setting(name=name, value={"amount": "$1", "window": "day"}, address=Address("policy.yaml", ()))
        for name in ("daily", "weekly")
    },
)
FACTS = Facts(Request(input="hi"), layout_of(DECLARED))
NOW_S = 5.0
GROUP = ("budget.daily",)
Ask = Callable[[Sources, tuple[str, ...]], Mapping[str, object]]


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """A source that knows a section, says what it is told to, and remembers what it was asked in which thread."""

    section: str
    says: Mapping[str, object] = field(default_factory=dict)
    raises: Exception | None = None
    blocking: bool = False
    waits: threading.Event | None = None
    asked: list[tuple[tuple[str, ...], float, int]] = field(default_factory=list)

    def knows(self, group: str) -> bool:
        """Whether a group is of the section."""
        return group.startswith(self.section)

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> Mapping[str, object]:
        """What the script says."""
        self.asked.append((groups, now_s, threading.get_ident()))
        if self.waits is not None:
            self.waits.wait(10)
        if self.raises is not None:
            raise self.raises
        return self.says


def asked_here(sources: Sources, groups: tuple[str, ...]) -> Mapping[str, object]:
    """What is learned, blocking."""
    return sources.resolve(groups, FACTS)


def asked_in_a_loop(sources: Sources, groups: tuple[str, ...]) -> Mapping[str, object]:
    """What is learned, awaited."""
    return asyncio.run(sources.resolve_async(groups, FACTS))


both = pytest.mark.parametrize("ask", [asked_here, asked_in_a_loop])
events: list[Event] = []


@pytest.fixture(autouse=True)
def no_events() -> Iterator[None]:
    """Forgets what earlier tests told."""
    events.clear()
    yield
    events.clear()


def sources_of(*sources: Source, registry: Registry | None = None, deadline_s: float = 10.0) -> Sources:
    """These sources, with a clock that stands still."""
    return Sources(
        sources,
        declarations=DECLARED,
        registry=registry,
        emit=events.append,
        deadline_s=deadline_s,
        wall_s=lambda: NOW_S,
    )


@both
def test_each_source_is_asked_once_for_all_its_groups(ask: Ask) -> None:
    """Groups are shared out to the first source that knows them; what nobody knows is left out."""
    budgets = Scripted(section="budget", says={"budget.daily": {"used": 0.5, "left": 1}, "budget.weekly": UNKNOWN})
    sessions = Scripted(section="session", says={"session": {"errors": 0}}, blocking=True)
    greedy = Scripted(section="")

    learned = ask(sources_of(budgets, sessions, greedy), ("budget.daily", "session", "budget.weekly", "cache.c"))

    assert learned == {
        "budget.daily": {"used": 0.5, "left": 1},
        "budget.weekly": UNKNOWN,
        "session": {"errors": 0},
    }
    assert [(groups, at_s) for groups, at_s, _ in budgets.asked] == [(("budget.daily", "budget.weekly"), NOW_S)]
    assert [groups for groups, _, _ in greedy.asked] == [("cache.c",)]
    assert events == []


@both
def test_only_what_may_wait_is_asked_in_a_thread(ask: Ask) -> None:
    """A source that never waits answers in the caller's thread, another never does."""
    here, there = Scripted(section="latency"), Scripted(section="budget", blocking=True)

    ask(sources_of(here, there), ("latency.mini", "budget.daily"))

    assert here.asked[0][2] == threading.get_ident()
    assert there.asked[0][2] != threading.get_ident()


@both
def test_a_registered_function_wins(ask: Ask) -> None:
    """A source is not asked for a group that a function is registered for, even where the function does not know."""
    budgets = Scripted(section="budget", says={"budget.weekly": {"used": 0.1, "left": 1}})
    functions = {"budget.daily": lambda request: {"used": 0.9, "left": 1}, "session": lambda request: None}

    learned = ask(sources_of(budgets, registry=Registry(functions)), ("budget.daily", "budget.weekly", "session"))

    assert learned == {
        "budget.daily": {"used": 0.9, "left": 1},
        "budget.weekly": {"used": 0.1, "left": 1},
        "session": UNKNOWN,
    }
    assert [groups for groups, _, _ in budgets.asked] == [("budget.weekly",)]


@both
@pytest.mark.parametrize("blocking", [False, True])
@pytest.mark.parametrize(
    ("error", "reason"),
    [(ValueError("a prompt"), "it raised `ValueError`"), (StateError("state.db", "disk full"), "disk full")],
)
def test_a_source_that_raises_is_unknown_and_told(ask: Ask, blocking: bool, error: Exception, reason: str) -> None:
    """All that it was asked is an error of that group, told without its text, and the others are not hurt."""
    bad = Scripted(section="budget", raises=error, blocking=blocking)
    good = Scripted(section="session", says={"session": {"errors": 0}})

    learned = ask(sources_of(bad, good), ("budget.daily", "session"))

    assert FACTS.knowing(learned).errors == (f"budget.daily: {reason}",)
    assert learned["session"] == {"errors": 0}
    assert events == [SignalFailed(signal="budget.daily", reason=reason)]


@both
def test_an_error_that_a_source_gives_is_told_once(ask: Ask) -> None:
    """A source says what it could not learn by an error as a value."""
    ask(sources_of(Scripted(section="budget", says={"budget.daily": SignalError("budget.daily", "gone")})), GROUP)

    assert events == [SignalFailed(signal="budget.daily", reason="gone")]


@both
def test_nobody_waits_longer_than_the_deadline(ask: Ask) -> None:
    """A source that hangs is unknown; it neither holds up the caller nor another source."""
    hang = threading.Event()
    slow = Scripted(section="budget", says={"budget.daily": {"used": 0, "left": 1}}, blocking=True, waits=hang)
    quick = Scripted(section="session", says={"session": {"errors": 0}}, blocking=True)

    learned = ask(sources_of(slow, quick, deadline_s=0.05), ("budget.daily", "session"))
    hang.set()

    assert isinstance(learned["budget.daily"], SignalError)
    assert learned["session"] == {"errors": 0}
    assert events == [SignalFailed(signal="budget.daily", reason="no answer within 0.05 s")]


def test_the_loop_goes_on_while_a_source_waits() -> None:
    """What holds up a source is let go by the event loop itself, so it must be running."""
    hang = threading.Event()
    slow = Scripted(section="budget", says={"budget.daily": UNKNOWN}, blocking=True, waits=hang)

    async def main() -> Mapping[str, object]:
        asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(hang.set))
        return await sources_of(slow).resolve_async(GROUP, FACTS)

    assert asyncio.run(main()) == {"budget.daily": UNKNOWN}


def test_failures_are_counted_by_signal() -> None:
    """Every event is passed on; those of failed signals are counted."""
    counts = FailureCounts(events.append)
    failed = SignalFailed(signal="session", reason="gone")

    counts(failed)
    counts(failed)
    counts(SignalFailed(signal="budget.daily", reason="gone"))

    assert counts.counts() == {"session": 2, "budget.daily": 1}
    assert len(events) == 3


def test_asking_on_after_closing_is_fine() -> None:
    """Closing lets go of threads only."""
    sources = sources_of(Scripted(section="budget", says={"budget.daily": UNKNOWN}, blocking=True))
    before = sources.resolve(GROUP, FACTS)

    sources.close()
    sources.close()

    assert sources.resolve(GROUP, FACTS) == before == {"budget.daily": UNKNOWN}
    sources.close()
