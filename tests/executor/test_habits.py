"""What earlier requests leave for the next, over models that answer or fail as scripted."""

from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import StateError
from policy_engine.evaluator.decide import decide
from policy_engine.executor.drive import drive
from policy_engine.executor.execute import execute
from policy_engine.executor.habits import keep_model, order_for
from policy_engine.model.call import Failure, FailureKind
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.request import Request
from policy_engine.signals.counters import Counters, Measurements
from policy_engine.state.memory import MemoryState
from tests.executor.worlds import ScriptedWorld, failure, policy_set, reply

STICKY = "  - {name: sticky, then: {stick: {by: session, for: 30m}}}\n"
LONG = "a long answer, no doubt"
NOW_S = 1_800_000_000.0
TURN = Request(task="plain", input="x", session="c1")


@pytest.fixture
def policies(tmp_path: Path) -> PolicySet:
    """Policies whose every request keeps its session's model."""
    return policy_set(tmp_path, extra=STICKY)


@pytest.fixture
def counters(policies: PolicySet) -> Counters:
    """Counters that know nothing yet."""
    return Counters(policies.declarations, state=MemoryState(), measured=Measurements())


def turn(
    policies: PolicySet,
    counters: Counters,
    world: ScriptedWorld,
    *,
    request: Request = TURN,
    now_s: float = NOW_S,
) -> Outcome:
    """One request carried out and remembered."""
    facts, decision = Facts(request, policies.layout), decide(policies, request)
    order = order_for(decision, facts, counters, now_s=now_s, emit=_silent)
    outcome = drive(execute(decision, facts, policies, now_s=0.0, order=order), world)
    keep_model(outcome, facts, counters, now_s=now_s)
    return outcome


def _silent(event: Event) -> None:
    raise AssertionError(f"{event} is told")


def test_a_session_goes_on_with_the_model_that_answered(policies: PolicySet, counters: Counters) -> None:
    """After a fallback the session stays where it is; another session begins as written."""
    world = ScriptedWorld({"small": [failure(FailureKind.SERVER), reply(LONG)], "spare": [reply(LONG)] * 2})

    turn(policies, counters, world)
    second = turn(policies, counters, world)
    other = turn(policies, counters, world, request=Request(task="plain", input="x", session="c2"))

    assert world.called == ["small", "spare", "spare", "small"]
    assert (second.kept, other.kept) == ("spare", None)


def test_a_model_is_kept_from_its_last_answer_on(policies: PolicySet, counters: Counters) -> None:
    """Every answer begins the time anew; when it is over, the session begins as written."""
    world = ScriptedWorld({"small": [failure(FailureKind.SERVER), reply(LONG)], "spare": [reply(LONG)] * 2})

    turn(policies, counters, world)
    turn(policies, counters, world, now_s=NOW_S + 1_799)
    turn(policies, counters, world, now_s=NOW_S + 1_799 + 1_801)

    assert world.called == ["small", "spare", "spare", "small"]


def test_a_kept_model_that_does_not_fit_is_passed_over(policies: PolicySet, counters: Counters) -> None:
    """A route that lacks it, or a request that it cannot hold, goes as written."""
    world = ScriptedWorld({"small": [failure(FailureKind.SERVER), reply(LONG)], "spare": [reply(LONG)] * 2})
    turn(policies, counters, world)
    too_long = Request(task="plain", input="x", session="c1", tokens={"input": 200_000})

    outcome = turn(policies, counters, world, request=too_long)

    assert (outcome.status, outcome.kept) == (Status.FAILED, None)


def test_a_request_without_a_session_keeps_nothing(policies: PolicySet, counters: Counters) -> None:
    """There is nothing to keep a model by."""
    world = ScriptedWorld({"small": [failure(FailureKind.SERVER), reply(LONG)], "spare": [reply(LONG)]})
    anonymous = Request(task="plain", input="x")

    turn(policies, counters, world, request=anonymous)
    turn(policies, counters, world, request=anonymous)

    assert world.called == ["small", "spare", "small"]


@pytest.mark.parametrize("why", ["a limit", "no verdict"])
def test_what_nobody_found_necessary_is_not_kept(why: str, policies: PolicySet, counters: Counters) -> None:
    """A model that a limit chose, or that answered since a gate was unknown, is not the session's from then on."""
    decision = decide(policies, TURN)
    first = CallRecord(step=0, model="small", tier="fast", cost_usd=Decimal(0), verdict="unknown")
    last = CallRecord(step=1, model="spare", tier="fast", cost_usd=Decimal(0))
    calls, limit = ((last,), "deadline") if why == "a limit" else ((first, last), None)
    facts = Facts(TURN, policies.layout)

    keep_model(
        Outcome(decision=decision, status=Status.ACCEPTED, text="y", calls=calls, limit=limit),
        facts,
        counters,
        now_s=NOW_S,
    )

    assert order_for(decision, facts, counters, now_s=NOW_S, emit=_silent).kept is None


def test_a_model_cools_for_as_long_as_its_provider_asked(policies: PolicySet, counters: Counters) -> None:
    """Until then it is put last, also for the session that keeps it, and after that it is the first again."""
    limited = Failure(kind=FailureKind.RATE_LIMIT, message="slow down", elapsed_s=0.1, retry_after_s=60.0)
    counters.measured.failures.record("small", limited, now_s=NOW_S)
    world = ScriptedWorld({"small": [reply(LONG)], "spare": [reply(LONG)]})

    during = turn(policies, counters, world, now_s=NOW_S + 59)
    after = turn(policies, counters, world, request=Request(task="plain", input="x"), now_s=NOW_S + 61)

    assert world.called == ["spare", "small"]
    assert (during.put_off, after.put_off) == (("small",), ())


class BrokenState(MemoryState):
    """A state that cannot be read."""

    def get(self, key: str, *, now_s: float) -> bytes | None:
        """Nothing."""
        raise StateError("state.db", "it is locked")


def test_a_state_that_cannot_be_used_keeps_no_model(policies: PolicySet) -> None:
    """The request goes as written, and the failure is told."""
    broken = Counters(policies.declarations, state=BrokenState(), measured=Measurements())
    events: list[Event] = []

    order = order_for(decide(policies, TURN), Facts(TURN, policies.layout), broken, now_s=NOW_S, emit=events.append)

    assert order.kept is None
    assert events == [SignalFailed(signal="stick", reason="it is locked")]
