"""Shadows beside the requests: a bounded queue, a bounded wait at the end, and nothing that reaches a caller."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.shadow import NO_OTHER_MODEL
from policy_engine.executor.shadows import CLOSED, FULL, Shadows
from policy_engine.model.call import Prompt, Reply
from policy_engine.model.events import Event, ShadowDropped, ShadowFailed
from policy_engine.model.request import Request
from policy_engine.model.shadow import ShadowResult
from policy_engine.providers.local import LocalProvider
from policy_engine.state.memory import MemoryState
from tests.executor.test_shadow import job_of, policies_with
from tests.executor.worlds import reply

PATIENT_S = 10.0


class GatedProvider(LocalProvider):
    """Answers once it is let go; says when it is asked."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self.let_go = threading.Event()

    def answer(self, prompt: Prompt, model: str) -> Reply:
        """The same answer to everything."""
        self.is_asked.set()
        assert self.let_go.wait(PATIENT_S)
        return reply("x")


@pytest.fixture
def provider() -> GatedProvider:
    """The provider of all models."""
    return GatedProvider()


@pytest.fixture
def policies(tmp_path: Path) -> PolicySet:
    """Policies whose every request has a shadow."""
    return policies_with(tmp_path, "{route: large, compare: exact}")


def offer(shadows: Shadows, policies: PolicySet, provider: GatedProvider, count: int = 1) -> None:
    """Hands answered requests in."""
    for number in range(count):
        job = job_of(policies, request=Request(id=f"r{number}", task="plain", input="x"))
        shadows.offer(replace(job, provider_of=lambda _: provider))


def test_results_are_handed_over_and_waited_for(policies: PolicySet, provider: GatedProvider) -> None:
    """Offering does not wait; closing does, until the last result is there."""
    results: list[ShadowResult] = []
    shadows = Shadows(state=MemoryState(), on_shadow=results.append)

    offer(shadows, policies, provider, 3)
    before = list(results)
    provider.let_go.set()
    shadows.close(PATIENT_S)

    assert (before, len(results), shadows.asked, shadows.dropped) == ([], 3, 3, {})


def test_what_does_not_fit_the_queue_is_dropped_and_counted(policies: PolicySet, provider: GatedProvider) -> None:
    """A caller never waits for room; every drop counts, and not each of many is told."""
    events: list[Event] = []
    shadows = Shadows(state=MemoryState(), on_shadow=_nothing, emit=events.append, most_waiting=2, most_workers=1)

    offer(shadows, policies, provider)
    assert provider.is_asked.wait(PATIENT_S)
    offer(shadows, policies, provider, 7)
    dropped = dict(shadows.dropped)
    provider.let_go.set()
    shadows.close(PATIENT_S)

    assert (dropped, shadows.asked) == ({FULL: 5}, 3)
    assert events == [ShadowDropped(reason=FULL, dropped=count) for count in (1, 2, 4)]


def test_closing_waits_no_longer_than_it_may(policies: PolicySet, provider: GatedProvider) -> None:
    """What still waits then is dropped and counted; what is under way is left to end by itself."""
    shadows = Shadows(state=MemoryState(), on_shadow=_nothing, most_workers=1)
    offer(shadows, policies, provider)
    assert provider.is_asked.wait(PATIENT_S)
    offer(shadows, policies, provider, 2)

    shadows.close(0.0)

    dropped = dict(shadows.dropped)
    provider.let_go.set()
    shadows.close(PATIENT_S)
    assert (dropped, shadows.asked) == ({CLOSED: 2}, 1)


def test_it_can_be_used_again_after_closing(policies: PolicySet, provider: GatedProvider) -> None:
    """A closed engine still answers, and so do its shadows."""
    results: list[ShadowResult] = []
    shadows = Shadows(state=MemoryState(), on_shadow=results.append)
    provider.let_go.set()

    for _ in range(2):
        offer(shadows, policies, provider)
        shadows.close(PATIENT_S)

    assert len(results) == 2


def test_no_other_model_is_counted_as_a_reason(tmp_path: Path, provider: GatedProvider) -> None:
    """A shadow that nobody may answer is told like one that did not fit."""
    shadows = Shadows(state=MemoryState(), on_shadow=_nothing)

    offer(shadows, policies_with(tmp_path, "{route: small}"), provider)
    shadows.close(PATIENT_S)

    assert shadows.dropped == {NO_OTHER_MODEL: 1}


@pytest.mark.parametrize("breaks", ["the provider", "the receiver"])
def test_what_breaks_hurts_nobody_and_is_told(breaks: str, policies: PolicySet, provider: GatedProvider) -> None:
    """An exception in a shadow, or in whoever takes its result, ends that shadow alone."""
    events: list[Event] = []
    results: list[ShadowResult] = []
    on_shadow: Callable[[ShadowResult], object] = results.append if breaks == "the provider" else _raise
    shadows = Shadows(state=MemoryState(), on_shadow=on_shadow, emit=events.append)
    provider.let_go.set()

    if breaks == "the provider":
        shadows.offer(job_of(policies))  # its `provider_of` raises
    else:
        offer(shadows, policies, provider)
    shadows.close(PATIENT_S)

    reason = "it raised `AssertionError`" if breaks == "the provider" else "it raised `ValueError`"
    assert (events, results) == ([ShadowFailed(reason=reason)], [])
    assert shadows.asked == (breaks == "the receiver")


def test_a_forked_child_has_a_queue_of_its_own(policies: PolicySet, provider: GatedProvider) -> None:
    """A child works though no thread of its parent lives in it, and does not ask what its parent asks."""
    results: list[ShadowResult] = []
    shadows = Shadows(state=MemoryState(), on_shadow=results.append, most_workers=1)
    offer(shadows, policies, provider)
    assert provider.is_asked.wait(PATIENT_S)

    child = os.fork()
    if child == 0:
        mine = GatedProvider()
        mine.let_go.set()
        offer(shadows, policies, mine, 2)
        shadows.close(PATIENT_S)
        os._exit(10 + len(results))
    _, status = os.waitpid(child, 0)
    provider.let_go.set()
    shadows.close(PATIENT_S)

    assert (os.waitstatus_to_exitcode(status), len(results)) == (12, 1)


def _nothing(result: ShadowResult) -> None:
    """Does nothing with a result."""


def _raise(result: ShadowResult) -> None:
    raise ValueError("a bug")
