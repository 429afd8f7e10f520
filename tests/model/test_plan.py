"""Plans, limits and modifiers as JSON, and which model comes first."""

from typing import Any

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.effect import Deny, Limit, Modifiers, Named, Requested, Respond, Route, Shadow, Stick
from policy_engine.model.plan import (
    Answer,
    FastestTarget,
    Plan,
    PlanStep,
    Refusal,
    RequestedTarget,
    Target,
    limits_json,
    modifiers_json,
)

HERE = Address("a.yaml")
MINI, OPUS = Target("mini", "fast"), Target("opus", None)

PLANS: dict[str, tuple[Plan, dict[str, Any]]] = {
    "a route": (Plan(steps=(PlanStep(chain=(MINI, OPUS)),)), {"steps": [{"models": ["mini", "opus"]}]}),
    "a route that is open": (
        Plan(steps=(PlanStep(chain=(RequestedTarget(), OPUS)),)),
        {"steps": [{"models": ["opus"]}]},
    ),
    "nothing": (Plan(), {"steps": []}),
    "a cascade": (
        Plan(
            steps=(PlanStep(chain=(MINI,), accept="output.chars >= 40", gate=object()), PlanStep(chain=(OPUS,))),
            cascade="careful",
            limits={"cost": Limit(max="$1", otherwise="fail", address=HERE)},
        ),
        {
            "steps": [{"models": ["mini"], "accept": "output.chars >= 40"}, {"models": ["opus"]}],
            "cascade": "careful",
            "limits": {"cost": {"max": "$1", "otherwise": "fail"}},
        },
    ),
    "a text": (Plan(answer=Answer(text="hello")), {"answer": {"text": "hello"}}),
    "a value": (Plan(answer=Answer(json={"a": 1})), {"answer": {"json": {"a": 1}}}),
    "a false value": (Plan(answer=Answer(json=False)), {"answer": {"json": False}}),
    "a template": (
        Plan(answer=Answer(template="t.txt", text="${a}")),
        {"answer": {"template": "t.txt", "text": "${a}"}},
    ),
    "a cache": (Plan(answer=Answer(cache="c")), {"answer": {"cache": "c"}}),
    "a refusal": (Plan(refusal=Refusal(status=402, message="pay")), {"status": 402, "message": "pay"}),
}


@pytest.mark.parametrize(("plan", "written"), PLANS.values(), ids=PLANS.keys())
def test_a_plan_says_what_is_to_be_done(plan: Plan, written: dict[str, Any]) -> None:
    """A plan is written as steps, as an answer or as a refusal."""
    assert plan.to_json() == written


def test_the_first_model_is_the_first_that_is_known() -> None:
    """Steps with none left are passed over; choices that need the request have no first model."""
    fastest = FastestTarget(candidates=(MINI, OPUS))

    assert Plan(steps=(PlanStep(chain=()), PlanStep(chain=(OPUS, MINI)))).first_target() == OPUS
    assert Plan(steps=(PlanStep(chain=(fastest,)),)).first_target() is None
    assert Plan(answer=Answer(text="hi")).first_target() is None


def test_a_limit_is_written_with_what_happens_there() -> None:
    """A word stays a word; an answer and a refusal are written out."""
    limits = {
        "deadline": Limit(max="8s", otherwise="last_answer", address=HERE),
        "cost": Limit(max="$1", otherwise=Respond(address=HERE, text="dear"), address=HERE),
        "escalations": Limit(max=2, otherwise=Deny(address=HERE, status=429, message="enough"), address=HERE),
    }

    assert limits_json(limits) == {
        "deadline": {"max": "8s", "otherwise": "last_answer"},
        "cost": {"max": "$1", "otherwise": {"respond": {"text": "dear"}}},
        "escalations": {"max": 2, "otherwise": {"deny": {"status": 429, "message": "enough"}}},
    }


def test_modifiers_that_say_nothing_are_not_written() -> None:
    """Only what is set is written; tags have a place of their own."""
    shadow = Shadow(
        route=Route(chain=(Named(name="fast", address=HERE), Requested(address=HERE)), address=HERE),
        share="5%",
        compare="exact",
        budget=None,
        address=HERE,
    )
    modifiers = Modifiers(
        remember="c", shadow=shadow, only=("eu",), stick=Stick(by="session", period="30m", address=HERE), tags=("t",)
    )

    assert modifiers_json(Modifiers()) == {}
    assert modifiers_json(modifiers) == {
        "remember": "c",
        "shadow": {"route": ["fast", "requested"], "share": "5%", "compare": "exact"},
        "only": {"tags": ["eu"]},
        "stick": {"by": "session", "for": "30m"},
    }
