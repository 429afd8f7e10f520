"""One shadow: who is asked, for whom, within which money, and what is made of the answers."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.executor.drive import drive_to_end
from policy_engine.executor.shadow import NO_OTHER_MODEL, OVER_BUDGET, ShadowJob, shadow_of, shadowing
from policy_engine.executor.shadow_money import ShadowMoney, shadow_budget
from policy_engine.model.call import FailureKind, Reply
from policy_engine.model.commands import Call, Command, Grant, Learn, Reserve, Settle
from policy_engine.model.events import Event
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.request import Request
from policy_engine.model.shadow import ShadowResult
from policy_engine.state.memory import MemoryState
from tests.executor.worlds import ScriptedWorld, failure, policy_set, reply

NOW_S = 1_800_000_000.0
ANSWER = "We ship everywhere."


def policies_with(tmp_path: Path, shadow: str, extra: str = "") -> PolicySet:
    """Policies whose every request has this shadow."""
    return policy_set(tmp_path, extra=f"  - {{name: beside, then: {{shadow: {shadow}}}}}\n{extra}")


def job_of(policies: PolicySet, *, request: Request | None = None, **outcome: Any) -> ShadowJob:
    """A request that the small model has answered."""
    asked = request or Request(id="r1", task="plain", input="Where do you ship?")
    decision = decide(policies, asked)
    answered = CallRecord(step=0, model="small", tier="fast", cost_usd=Decimal(0))
    given: dict[str, Any] = {"status": Status.ACCEPTED, "text": ANSWER, "calls": (answered,), **outcome}
    message = {"role": "assistant", "content": given["text"]}
    return ShadowJob(
        id="j1",
        policy_set=policies,
        facts=Facts(asked, policies.layout),
        decision=decision,
        outcome=Outcome(decision=decision, message=message, **given),
        provider_of=_nobody,
    )


def _nobody(name: str) -> Any:
    raise AssertionError(f"provider {name} is asked")


class PaidWorld(ScriptedWorld):
    """A scripted world whose money is a shadow's own."""

    def __init__(self, answers: Mapping[str, Any], money: ShadowMoney) -> None:
        super().__init__(answers)
        self._money = money

    def _value(self, command: Command) -> Any:
        if isinstance(command, Reserve):
            return self._money.reserve(command)
        if isinstance(command, Settle):
            return self._money.settle(command)
        return super()._value(command)


def asked(job: ShadowJob, world: ScriptedWorld) -> ShadowResult | str:
    """What the shadow of a job comes to."""
    found = shadow_of(job)
    assert found is not None
    return drive_to_end(shadowing(job, *found, now_s=0.0, at_s=NOW_S), world)


def result_of(job: ShadowJob, world: ScriptedWorld) -> ShadowResult:
    """The same, for a shadow that is asked."""
    result = asked(job, world)
    assert isinstance(result, ShadowResult)
    return result


def test_another_model_is_asked_the_same_and_compared(tmp_path: Path) -> None:
    """It gets the request as the first model got it, and the result says how they agree and what it cost."""
    policies = policies_with(tmp_path, "{route: large, compare: exact}")
    world = ScriptedWorld({"large": [reply(ANSWER)]})

    result = result_of(job_of(policies), world)

    assert replace(result, calls=()) == ShadowResult(
        id="j1",
        at_s=NOW_S,
        model="large",
        tier="strong",
        against="small",
        compare="exact",
        agreement=1.0,
        cost_usd=Decimal("0.0012"),
        latency_ms=500.0,
    )
    assert [(call.model, call.purpose, call.cost_usd) for call in result.calls] == [
        ("large", "shadow", Decimal("0.0012"))
    ]
    (call,) = [command for command in world.commands if isinstance(command, Call)]
    assert list(call.prompt.messages) == [{"role": "user", "content": "Where do you ship?"}]


@pytest.mark.parametrize(
    ("compare", "text", "answer", "agreement", "reason"),
    [
        ("similarity", ANSWER, ANSWER, 1.0, None),
        ("json", '{"a": 1, "b": 2}', '{"a": 1, "b": 3}', 0.5, None),
        ("json", ANSWER, ANSWER, None, "neither answer is JSON"),
    ],
)
def test_answers_are_compared_as_declared(
    compare: str, text: str, answer: str, agreement: float | None, reason: str | None, tmp_path: Path
) -> None:
    """Where there is nothing to compare, the result says so and has no agreement."""
    policies = policies_with(tmp_path, f"{{route: large, compare: {compare}}}")

    result = result_of(job_of(policies, text=text), ScriptedWorld({"large": [reply(answer)]}))

    assert (result.agreement, result.failure) == (pytest.approx(agreement) if agreement else agreement, reason)


@pytest.mark.parametrize(
    ("score", "agreement", "reason"),
    [
        (reply("0.8", output_tokens=2), 0.8, None),
        (reply("the second"), None, "the judge gave no score"),
        (failure(FailureKind.TIMEOUT), None, "the judge failed: timeout"),
    ],
)
def test_a_judge_compares(score: Any, agreement: float | None, reason: str | None, tmp_path: Path) -> None:
    """The declared model is asked about both answers; what it costs is part of the shadow's price."""
    policies = policies_with(tmp_path, "{route: large, compare: judge, judge: {model: judge, question: Shorter?}}")
    world = ScriptedWorld({"large": [reply("Everywhere.")], "judge": [score]})

    result = result_of(job_of(policies), world)

    question = next(command for command in world.commands if isinstance(command, Call) and command.model == "judge")
    text = question.prompt.messages[1]["content"]
    assert (result.agreement, result.failure, world.called) == (agreement, reason, ["large", "judge"])
    assert [text.count(part) for part in ("Shorter?", ANSWER, "Everywhere.")] == [1, 1, 1]
    assert [call.purpose for call in result.calls] == ["shadow", "shadow"]
    assert result.cost_usd == sum((call.cost_usd or Decimal(0) for call in result.calls), Decimal(0))


def test_without_a_declared_judge_the_model_that_answered_judges(tmp_path: Path) -> None:
    """It is asked whether the other's answer does as well."""
    policies = policies_with(tmp_path, "{route: large, compare: judge}")
    world = ScriptedWorld({"large": [reply("Everywhere.")], "small": [reply("1", output_tokens=1)]})

    assert (result_of(job_of(policies), world).agreement, world.called) == (1.0, ["large", "small"])


def test_the_next_model_of_the_route_is_asked_where_one_fails(tmp_path: Path) -> None:
    """A shadow falls back like a route, and a failure of all of them is its result."""
    policies = policies_with(tmp_path, "{route: [spare, large], compare: exact}")
    down = failure(FailureKind.SERVER)

    found = result_of(job_of(policies), ScriptedWorld({"spare": [down], "large": [reply(ANSWER)]}))
    lost = result_of(job_of(policies), ScriptedWorld({"spare": [down], "large": [down]}))

    assert (found.model, found.agreement, found.failure) == ("large", 1.0, None)
    assert (lost.model, lost.agreement, lost.failure, lost.latency_ms) == ("large", None, "server", None)


def test_the_model_that_answered_is_not_its_own_shadow(tmp_path: Path) -> None:
    """Of a tier the others are asked; where there is no other, nobody is."""
    tier = ScriptedWorld({"spare": [reply(ANSWER)]})
    alone = ScriptedWorld({})

    result = asked(job_of(policies_with(tmp_path, "{route: fast}")), tier)
    nobody = asked(job_of(policies_with(tmp_path, "{route: small}")), alone)

    assert (isinstance(result, ShadowResult), tier.called) == (True, ["spare"])
    assert (nobody, alone.commands) == (NO_OTHER_MODEL, [])


def test_only_binds_shadows_and_their_judges(tmp_path: Path) -> None:
    """A model without the tags is never asked, not even beside the caller's time, and neither is a judge."""
    eu = "  - {name: eu, on_unknown: match, then: {only: {tags: [eu]}, route: [judge, small]}}\n"
    shadow = "{route: [large, judge], compare: judge, judge: {model: small}}"
    answered = CallRecord(step=0, model="large", tier="strong", cost_usd=Decimal(0))
    world = ScriptedWorld({"judge": [reply(ANSWER)]})

    result = result_of(job_of(policies_with(tmp_path, shadow, eu), calls=(answered,)), world)

    assert (world.called, result.agreement, result.failure) == (["judge"], None, "`only` rules the judge out")


def test_a_share_is_sticky_and_as_large_as_declared(tmp_path: Path) -> None:
    """The same requests are asked each time, and a larger share has all those of a smaller one."""
    requests = [Request(id=f"r{number}", task="plain", input="x") for number in range(2_000)]

    def chosen(share: str) -> set[str | None]:
        policies = policies_with(tmp_path, f"{{route: large, share: {share}}}")
        jobs = [job_of(policies, request=request) for request in requests]
        return {job.facts.request.id for job in jobs if shadow_of(job) is not None}

    few, again, more = chosen("5%"), chosen("5%"), chosen("50%")

    assert few == again
    assert few < more
    assert 0.03 < len(few) / len(requests) < 0.07
    assert 0.46 < len(more) / len(requests) < 0.54


@pytest.mark.parametrize("status", [Status.FAILED, Status.DENIED])
def test_what_was_not_answered_has_no_shadow(status: Status, tmp_path: Path) -> None:
    """There is nothing to compare with."""
    assert shadow_of(job_of(policies_with(tmp_path, "{route: large}"), status=status, text="")) is None


def test_a_shadow_by_latency_learns_it_first(tmp_path: Path) -> None:
    """A route that goes by measured latency asks for it, and none of the request's own facts change."""
    policies = policies_with(tmp_path, "{route: {fastest: [spare, large]}}")
    world = ScriptedWorld({"spare": [reply(ANSWER)]})

    result_of(job_of(policies), world)

    assert [command.signals for command in world.commands if isinstance(command, Learn)] == [
        ("latency.spare", "latency.large")
    ]


def _money(policies: PolicySet, written: str, state: MemoryState, events: list[Event]) -> ShadowMoney:
    budget = shadow_budget(state, "beside", written, None)
    facts = Facts(Request(task="plain", input="x"), policies.layout)
    return ShadowMoney(budget, facts, emit=events.append, wall_s=lambda: NOW_S)


def test_a_shadow_keeps_to_its_own_budget(tmp_path: Path) -> None:
    """It is reserved at the bound and settled at the truth; what the budget could not pay for is not asked."""
    policies = policies_with(tmp_path, "{route: large, compare: exact, budget: $0.0215/day}")
    state, events = MemoryState(), list[Event]()
    answers = {"large": [reply(ANSWER), reply(ANSWER)]}  # each at most $0.02005, in truth $0.0012

    results = [
        asked(job_of(policies), PaidWorld(answers, _money(policies, "$0.0215/day", state, events))) for _ in range(3)
    ]

    assert [isinstance(result, ShadowResult) for result in results] == [True, True, False]
    assert (results[2], events) == (OVER_BUDGET, [])


def test_a_budget_that_has_no_room_for_the_judge_leaves_the_answers_uncompared(tmp_path: Path) -> None:
    """What was asked is counted, and the result says why it is not judged."""
    policies = policies_with(tmp_path, "{route: large, compare: judge, judge: {model: small}, budget: $0.02006/day}")
    state = MemoryState()
    world = PaidWorld({"large": [reply("x" * 80_000)]}, _money(policies, "$0.02006/day", state, []))

    result = result_of(job_of(policies), world)

    assert (result.agreement, result.failure, result.cost_usd) == (None, OVER_BUDGET, Decimal("0.0012"))


def test_a_price_that_nobody_knows_fits_no_budget() -> None:
    """Without a price a budget cannot be kept; without a budget there is nothing to keep."""
    facts: Any = object()
    budget = shadow_budget(MemoryState(), "beside", "$1/day", None)
    limited = ShadowMoney(budget, facts, emit=_silent, wall_s=lambda: NOW_S)
    free = ShadowMoney(None, facts, emit=_silent)

    assert limited.reserve(Reserve(worst_usd=None)) == Grant(overtaken=facts)
    assert free.reserve(Reserve(worst_usd=None)) == Grant()


def _silent(event: Event) -> None:
    raise AssertionError(f"{event} is told")


def test_a_reply_without_usage_makes_the_price_unknown(tmp_path: Path) -> None:
    """What a shadow cost is unknown where its provider does not count, never nothing."""
    uncounted: Reply = replace(reply(ANSWER), usage=None)

    result = result_of(job_of(policies_with(tmp_path, "{route: large}")), ScriptedWorld({"large": [uncounted]}))

    assert result.cost_usd is None
    assert result.to_json()["cost_usd"] is None
