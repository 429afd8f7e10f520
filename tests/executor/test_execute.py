"""Decisions carried out: answers without a model, fallback, gates, limits, money."""

from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.evaluator.decide import decide
from policy_engine.executor.drive import drive
from policy_engine.executor.execute import execute
from policy_engine.model.call import Failure, FailureKind, Reply
from policy_engine.model.commands import (
    Answer,
    Call,
    Cancelled,
    Grant,
    Open,
    Relay,
    Reserve,
    Settle,
)
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Status
from policy_engine.model.request import Request
from tests.executor.worlds import ScriptedWorld, carried_out, failure, policy_set, reply, reserved, settled

LONG = "a long answer, no doubt"
TWO = ["small", "large"]


def test_a_refusal_calls_nothing(tmp_path: Path) -> None:
    """A denied request comes to its reason."""
    world = ScriptedWorld({})

    outcome = carried_out(policy_set(tmp_path), world, Request(task="deny", input="x"))

    assert (outcome.status, outcome.error, world.commands) == (Status.DENIED, "not here", [])


def test_a_template_is_filled_once(tmp_path: Path) -> None:
    """Groups of the match and attributes are inserted, and what is inserted is not expanded again."""
    world = ScriptedWorld({})
    request = Request(task="canned", input="where is order 42?", attributes={"name": "${number}"})

    outcome = carried_out(policy_set(tmp_path), world, request)

    assert (outcome.status, outcome.text) == (Status.ANSWERED, "Order 42 for ${number}.")


def test_the_first_accepted_answer_ends_it(tmp_path: Path) -> None:
    """No model is called after one is accepted, and the call is paid by its usage."""
    world = ScriptedWorld({"small": [reply(LONG)]})

    outcome = carried_out(policy_set(tmp_path), world)

    assert (outcome.status, outcome.text, world.called) == (Status.ACCEPTED, LONG, ["small"])
    assert outcome.cost_usd == Decimal("0.00012")
    assert settled(world) == [Decimal("0.00012")]
    assert outcome.calls[0].verdict == "true"


def test_an_answer_that_fails_its_gate_escalates_and_is_paid(tmp_path: Path) -> None:
    """The weak call counts when the next step answers, and its record says why it was not accepted."""
    world = ScriptedWorld({"small": [reply("short")], "large": [reply("yes, indeed")]})

    outcome = carried_out(policy_set(tmp_path), world)

    assert (outcome.status, outcome.text, outcome.escalations) == (Status.ACCEPTED, "yes, indeed", 1)
    assert outcome.cost_usd == Decimal("0.00012") + Decimal("0.0012")
    assert [call.verdict for call in outcome.calls] == ["false", "true"]
    assert outcome.calls[0].reasons == ("output.chars >= 10 does not hold",)


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        (FailureKind.TIMEOUT, ["small", "spare"]),
        (FailureKind.RATE_LIMIT, ["small", "spare"]),
        (FailureKind.CONTEXT_OVERFLOW, ["small", "spare"]),
        (FailureKind.AUTHENTICATION, ["small"]),
        (FailureKind.REQUEST, ["small"]),
    ],
)
def test_only_some_failures_are_passed_on(kind: FailureKind, called: list[str], tmp_path: Path) -> None:
    """The next model of a route is tried where another could do better, and only there."""
    world = ScriptedWorld({"small": [failure(kind)], "spare": [reply(LONG)]})

    carried_out(policy_set(tmp_path), world, Request(task="plain", input="x"))

    assert world.called == called


def test_a_route_never_leaves_its_tier(tmp_path: Path) -> None:
    """Where all models of a route fail, the request fails; no other tier is asked."""
    down = failure(FailureKind.SERVER)
    world = ScriptedWorld({"small": [down], "spare": [down], "large": [reply(LONG)]})

    outcome = carried_out(policy_set(tmp_path), world, Request(task="plain", input="x"))

    assert (outcome.status, world.called) == (Status.FAILED, ["small", "spare"])
    assert outcome.error == "small: server; spare: server"


@pytest.mark.parametrize(
    ("limits", "status", "text", "limit", "called"),
    [
        ("escalations: 1", Status.NOT_ACCEPTED, "nope", "escalations", TWO),
        ("escalations: {max: 1, otherwise: fail}", Status.FAILED, "", "escalations", TWO),
        (
            "escalations: {max: 1, otherwise: fast}",
            Status.ACCEPTED,
            "short",
            "escalations",
            ["small", "large", "small"],
        ),
        ("escalations: {max: 1, otherwise: {respond: {text: sorry}}}", Status.ANSWERED, "sorry", "escalations", None),
        ("escalations: {max: 1, otherwise: {deny: {message: no}}}", Status.DENIED, "", "escalations", None),
        ("deadline: 1500ms", Status.NOT_ACCEPTED, "nope", "deadline", TWO),
        ("deadline: {max: 1s, otherwise: fast}", Status.NOT_ACCEPTED, "short", "deadline", ["small"]),
        ("cost: $0.0025", Status.NOT_ACCEPTED, "short", "cost", ["small"]),
        ("cost: {max: $0.0025, otherwise: fail}", Status.FAILED, "", "cost", ["small"]),
        ("cost: $0.000001", Status.FAILED, "", "cost", []),
    ],
)
def test_at_a_limit_what_is_declared_happens(
    limits: str, status: Status, text: str, limit: str, called: list[str] | None, tmp_path: Path
) -> None:
    """Each limit is checked before it could be broken; there what is declared happens, and the outcome names it."""
    world = ScriptedWorld({"small": [reply("short"), reply("short")], "large": [reply("nope")]})

    outcome = carried_out(policy_set(tmp_path, limits), world)

    assert (outcome.status, outcome.text, outcome.limit) == (status, text, limit)
    assert called is None or world.called == called


def test_a_refusal_at_a_limit_has_its_status(tmp_path: Path) -> None:
    """A server can answer with what the policies declare, as for a rule that denies."""
    limits = "escalations: {max: 0, otherwise: {deny: {status: 402, message: no}}}"

    outcome = carried_out(policy_set(tmp_path, limits), ScriptedWorld({"small": [reply("short")]}))

    assert (outcome.status, outcome.http_status, outcome.error) == (Status.DENIED, 402, "no")


def test_a_cascade_that_escalates_too_often_begins_further_up(tmp_path: Path) -> None:
    """While the rate is above its limit, execution starts at the declared tier."""
    limits = "escalation_rate: {max: 30%, window: 1h, otherwise: strong}"
    request = Request(task="chat", input="x", signals={"escalation": {"careful": {"rate": 0.5, "requests": 200}}})
    world = ScriptedWorld({"large": [reply("yes, it is")]})

    outcome = carried_out(policy_set(tmp_path, limits), world, request)

    assert (world.called, outcome.status, outcome.limit) == (["large"], Status.ACCEPTED, "escalation_rate")


def test_without_a_declared_tier_no_more_escalate(tmp_path: Path) -> None:
    """While the rate is above its limit, the first step's answer is the last one."""
    request = Request(task="chat", input="x", signals={"escalation": {"careful": {"rate": 0.5, "requests": 200}}})
    world = ScriptedWorld({"small": [reply("short")]})

    outcome = carried_out(policy_set(tmp_path, "escalation_rate: {max: 30%, window: 1h}"), world, request)

    assert (world.called, outcome.status) == (["small"], Status.NOT_ACCEPTED)
    assert (outcome.text, outcome.limit) == ("short", "escalation_rate")


@pytest.mark.parametrize(
    ("otherwise", "status", "text"),
    [
        ("last_answer", Status.NOT_ACCEPTED, "nope"),
        ("fail", Status.FAILED, ""),
        ("{respond: {text: sorry}}", Status.ANSWERED, "sorry"),
    ],
)
def test_a_deadline_that_ends_the_last_call_speaks_too(
    otherwise: str, status: Status, text: str, tmp_path: Path
) -> None:
    """What is declared happens also where no further call would have been made."""
    late = failure(FailureKind.TIMEOUT, may_be_billed=True)
    world = ScriptedWorld({"small": [reply("short")], "large": [reply("nope")], "spare": [late]})

    outcome = carried_out(policy_set(tmp_path, f"deadline: {{max: 3s, otherwise: {otherwise}}}"), world)

    assert (world.called, outcome.status) == (["small", "large", "spare"], status)
    assert (outcome.text, outcome.limit) == (text, "deadline")


def test_a_deadline_runs_from_when_the_request_came_in(tmp_path: Path) -> None:
    """Time that a request has waited before it is carried out is gone."""
    policies, world = policy_set(tmp_path, "deadline: 3s"), ScriptedWorld({})
    request = Request(task="chat", input="hello")
    facts = Facts(request, policies.layout)

    outcome = drive(execute(decide(policies, request), facts, policies, now_s=0.0, began_s=-3.0), world)

    assert (world.called, outcome.status, outcome.limit) == ([], Status.FAILED, "deadline")


def test_money_is_set_aside_at_the_bound(tmp_path: Path) -> None:
    """A call is reserved with every token that may come, and a call that may be billed all the same keeps its bound."""
    world = ScriptedWorld(
        {"small": [failure(FailureKind.TIMEOUT, may_be_billed=True)], "spare": [failure(FailureKind.CONNECTION)]}
    )

    outcome = carried_out(
        policy_set(tmp_path), world, Request(task="plain", input="12345678", params={"max_tokens": 50})
    )

    bound = Decimal("0.000102")
    assert reserved(world) == [bound, bound]
    assert settled(world) == [bound, Decimal(0)]
    assert outcome.cost_usd == bound


def test_a_gated_step_is_whole_and_the_last_one_streams(tmp_path: Path) -> None:
    """Steps with a gate are buffered; only an ungated one is opened and relayed."""
    world = ScriptedWorld({"small": [reply("short")], "large": [reply("nope")], "spare": [reply(LONG)]})

    outcome = carried_out(policy_set(tmp_path), world, streaming=True)

    kinds = [type(command) for command in world.commands if isinstance(command, Call | Open | Relay)]
    assert (kinds, outcome.text) == ([Call, Call, Open, Relay], LONG)


def test_nothing_falls_back_once_a_stream_has_begun(tmp_path: Path) -> None:
    """A stream that breaks fails the request; no other model is asked."""
    world = ScriptedWorld({"small": [reply(LONG)], "spare": [reply(LONG)]})
    policies = policy_set(tmp_path)
    request = Request(task="plain", input="x")
    facts = Facts(request, policies.layout)
    execution = execute(decide(policies, request), facts, policies, now_s=0.0, streaming=True)

    next(execution)
    opening = execution.send(Answer(value=Grant(), now_s=0.0))
    relaying = execution.send(world.do(opening))
    broken = failure(FailureKind.CONNECTION, may_be_billed=True)
    settling = execution.send(Answer(value=broken, now_s=1.0))
    with pytest.raises(StopIteration) as end:
        execution.send(Answer(value=None, now_s=1.0))

    assert isinstance(relaying, Relay)
    assert isinstance(settling, Settle)
    assert (end.value.value.status, end.value.value.error) == (Status.FAILED, "small: connection")


def test_only_settling_follows_a_cancellation(tmp_path: Path) -> None:
    """Where the caller is gone, what was set aside is settled at its bound, and nothing else happens."""
    policies = policy_set(tmp_path)
    request = Request(task="plain", input="x")
    facts = Facts(request, policies.layout)
    execution = execute(decide(policies, request), facts, policies, now_s=0.0)

    reserving = next(execution)
    calling = execution.send(Answer(value=Grant(token=7), now_s=0.0))
    settling = execution.throw(Cancelled())

    assert isinstance(reserving, Reserve)
    assert isinstance(calling, Call)
    assert settling == Settle(grant=Grant(token=7), paid_usd=reserving.worst_usd)
    with pytest.raises(StopIteration) as end:
        execution.send(Answer(value=None, now_s=0.0))
    assert [(call.model, call.cost_usd) for call in end.value.value.calls] == [("small", reserving.worst_usd)]
    assert end.value.value.status is Status.CANCELLED


JUDGED = """  - name: judged
    when: {task: plain}
    then: {cascade: asked}
"""
ASKED = "{judge: {model: judge, question: is it right?, score: {gte: 0.7}}}"


@pytest.mark.parametrize(
    ("score", "called", "status"),
    [
        (reply("0.9", output_tokens=2), ["small", "judge"], Status.ACCEPTED),
        (reply("0.1", output_tokens=2), ["small", "judge", "large"], Status.ACCEPTED),
        (reply("certainly!"), ["small", "judge", "large"], Status.ACCEPTED),
        (failure(FailureKind.TIMEOUT), ["small", "judge", "large"], Status.ACCEPTED),
    ],
)
def test_a_judge_that_does_not_say_yes_escalates(
    score: object, called: list[str], status: Status, tmp_path: Path
) -> None:
    """A low score, an odd answer and a judge that is down all escalate; the judge's call is counted."""
    cascade = f"cascades:\n  asked: {{steps: [{{route: small, accept: {{output: {ASKED}}}}}, {{route: large}}]}}\n"
    (tmp_path / "asked.yaml").write_text(cascade, encoding="utf-8")
    world = ScriptedWorld({"small": [reply(LONG)], "judge": [score], "large": [reply("better")]})

    outcome = carried_out(policy_set(tmp_path, extra=JUDGED), world, Request(task="plain", input="x"))

    assert (world.called, outcome.status) == (called, status)
    assert [call.purpose for call in outcome.calls][:2] == ["answer", "judge"]
    assert len(reserved(world)) == len(settled(world)) == len(called)


def test_nothing_outside_only_is_called(tmp_path: Path) -> None:
    """A judge without the required tags is not asked, so its gate stays unknown."""
    extra = "  - {name: eu, on_unknown: match, then: {only: {tags: [eu]}}}\n"
    world = ScriptedWorld({})

    outcome = carried_out(policy_set(tmp_path, extra=extra), world)

    assert (outcome.status, world.called) == (Status.DENIED, [])


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (failure(FailureKind.TIMEOUT), "the judge failed: timeout"),
        (reply("certainly!"), "the judge gave no score"),
    ],
)
def test_a_judge_that_does_not_judge_is_named(score: Reply | Failure, reason: str, tmp_path: Path) -> None:
    """Why a judge's score is unknown is counted as the reason of the verdict."""
    cascade = f"cascades:\n  asked: {{steps: [{{route: small, accept: {{output: {ASKED}}}}}, {{route: large}}]}}\n"
    (tmp_path / "asked.yaml").write_text(cascade, encoding="utf-8")
    world = ScriptedWorld({"small": [reply(LONG)], "judge": [score], "large": [reply("better")]})

    outcome = carried_out(policy_set(tmp_path, extra=JUDGED), world, Request(task="plain", input="x"))

    assert outcome.calls[0].verdict == "unknown"
    assert [text.rpartition("is unknown: ")[2] for text in outcome.calls[0].reasons] == [reason]
    assert outcome.escalated_unsure
