"""Tests of what requests are let in for under limits that they share, over models that answer as scripted."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import StateError
from policy_engine.evaluator.decide import decide
from policy_engine.executor.admissions import Admissions
from policy_engine.executor.drive import drive
from policy_engine.executor.execute import Execution, execute
from policy_engine.executor.habits import has_escalated
from policy_engine.executor.reach import StateUnreachable
from policy_engine.model.commands import Admit, Answer, Command
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome, Status
from policy_engine.model.request import Request
from policy_engine.signals.counters import Counters, Measurements
from policy_engine.state.memory import MemoryState
from tests.executor.worlds import ScriptedWorld, policy_set, reply

RATE = "escalation_rate: {max: 30%, window: 1h, min_requests: 1, otherwise: strong}"
SESSION = "session_escalations: {max: 1, otherwise: fail}"
BEGIN = Admit(limit="escalation_rate", most=Decimal("0.3"))
ESCALATE = Admit(limit="session_escalations", most=Decimal(1))
CHAT = Request(task="chat", input="hello", session="c1")
NOW_S = 1_800_000_000.0


class CountedWorld(ScriptedWorld):
    """A scripted world in which admissions are asked."""

    def __init__(self, admissions: Admissions, **answers: list[str]) -> None:
        super().__init__({model: [reply(text) for text in texts] for model, texts in answers.items()})
        self._admissions = admissions

    def do(self, command: Command) -> Answer:
        """The scripted reply, or what the admissions say."""
        answer = super().do(command)
        return Answer(value=self._admissions.admit(command), now_s=0.0) if isinstance(command, Admit) else answer


class BrokenState(MemoryState):
    """A state that lets nobody in."""

    def admit(self, *_: object, **__: object) -> bool:
        """Nothing."""
        raise StateError("state.db", "it is locked")


def counters_of(policies: PolicySet, state: MemoryState | None = None) -> Counters:
    """Counters that know nothing yet."""
    return Counters(policies.declarations, state=state or MemoryState(), measured=Measurements())


def admissions_of(
    policies: PolicySet,
    counters: Counters,
    request: Request = CHAT,
    *,
    events: list[Event] | None = None,
    on_state_error: str = "allow",
) -> Admissions:
    """The admissions of a request."""
    told: list[Event] = [] if events is None else events
    decision, facts = decide(policies, request), Facts(request, policies.layout)
    return Admissions(counters, decision, facts, emit=told.append, on_state_error=on_state_error, wall_s=lambda: NOW_S)


def begun(policies: PolicySet, request: Request = CHAT) -> Execution:
    """A request whose execution has not done anything yet."""
    facts = Facts(request, policies.layout)
    return execute(decide(policies, request), facts, policies, now_s=0.0)


def ended(policies: PolicySet, admissions: Admissions, **answers: list[str]) -> Outcome:
    """What a request comes to that is carried out, and settled."""
    outcome = drive(begun(policies), CountedWorld(admissions, **answers))
    admissions.settle(outcome, escalated=has_escalated(outcome))
    return outcome


def test_a_request_begins_higher_while_another_could_pass_the_rate(tmp_path: Path) -> None:
    """What is under way counts as escalated until it is over, and as what it came to from then on."""
    policies = policy_set(tmp_path, RATE)
    counters = counters_of(policies)
    first = admissions_of(policies, counters)
    first.admit(BEGIN)
    second = ended(policies, admissions_of(policies, counters), large=["yes, it is"])
    first.settle(None, escalated=False)
    third = ended(policies, admissions_of(policies, counters), small=["long enough"])

    assert (second.calls[0].step, second.limit, second.escalations) == (1, "escalation_rate", 0)
    assert (third.calls[0].step, third.limit) == (0, None)
    assert counters.escalations.read("careful", now_s=NOW_S) == {"rate": 0.0, "requests": 2}


def test_a_session_does_not_escalate_while_another_request_of_it_does(tmp_path: Path) -> None:
    """The last escalation of a session is for one of its requests; if it is not made, for the next."""
    policies = policy_set(tmp_path, SESSION)
    counters = counters_of(policies)
    first = admissions_of(policies, counters)
    first.admit(ESCALATE)
    second = ended(policies, admissions_of(policies, counters), small=["short"])
    first.release()
    third = ended(policies, admissions_of(policies, counters), small=["short"], large=["yes, it is"])

    assert (second.status, second.limit) == (Status.FAILED, "session_escalations")
    assert (third.status, third.escalations) == (Status.ACCEPTED, 1)
    assert counters.sessions.read("c1", now_s=NOW_S) == {"escalations": 1, "errors": 0}


def test_a_request_that_breaks_off_has_escalated_as_far_as_it_came(tmp_path: Path) -> None:
    """What was granted and not used is free again; an escalation that was made counts though nobody saw its answer."""
    policies = policy_set(tmp_path, f"escalation_rate: {{max: 30%, window: 1h, min_requests: 1}}, {SESSION}")
    counters = counters_of(policies)
    admissions = admissions_of(policies, counters)
    outcome = drive(begun(policies), CountedWorld(admissions, small=["short"], large=["yes, it is"]))
    admissions.release(outcome)

    assert counters.sessions.read("c1", now_s=NOW_S) == {"escalations": 1, "errors": 0}
    assert counters.escalations.read("careful", now_s=NOW_S) == {"rate": 0.0, "requests": 0}
    assert admissions_of(policies, counters).admit(BEGIN) is True
    assert not admissions.are_open


def test_what_the_request_itself_says_is_not_asked(tmp_path: Path) -> None:
    """Signals that a request brings with it stand for the counters, and a request without a session has none."""
    policies = policy_set(tmp_path, RATE)
    counters = counters_of(policies)
    signals = {"escalation": {"careful": {"rate": 0.1, "requests": 9}}, "session": {"escalations": 0, "errors": 0}}
    supplied = admissions_of(policies, counters, Request(task="chat", input="x", session="c1", signals=signals))
    bare = admissions_of(policies, counters, Request(task="chat", input="x"))

    assert (supplied.admit(BEGIN), supplied.admit(ESCALATE)) == (None, None)
    assert (bare.admit(BEGIN), bare.admit(ESCALATE)) == (True, None)


def test_what_nobody_waits_for_is_given_back_once(tmp_path: Path) -> None:
    """An answer that came too late holds nobody up, and a refusal gives nothing back."""
    policies = policy_set(tmp_path, RATE)
    counters = counters_of(policies)
    admissions = admissions_of(policies, counters)
    granted = admissions.admit(BEGIN)
    admissions.give_back(BEGIN, granted)
    again = admissions.admit(BEGIN)
    admissions.give_back(BEGIN, False)

    assert (granted, again, admissions.are_open) == (True, True, True)
    assert admissions_of(policies, counters).admit(BEGIN) is False


@pytest.mark.parametrize(("command", "group"), [(BEGIN, "escalation.careful"), (ESCALATE, "session")])
def test_a_state_that_lets_nobody_in_is_told(command: Admit, group: str, tmp_path: Path) -> None:
    """The request goes on uncounted, or where the policies say so it does not."""
    policies = policy_set(tmp_path, RATE)
    counters, events = counters_of(policies, BrokenState()), list[Event]()
    allowed = admissions_of(policies, counters, events=events)
    denied = admissions_of(policies, counters, events=events, on_state_error="deny")

    assert allowed.admit(command) is None
    with pytest.raises(StateUnreachable, match=group):
        denied.admit(command)
    assert (allowed.is_uncounted, denied.is_uncounted) == (True, True)
    assert events == [SignalFailed(signal=group, reason="it is locked")] * 2
