"""Decisions as JSON, and as copies with more to say."""

from decimal import Decimal

from policy_engine.diagnostics import Address
from policy_engine.model.decision import Decision, Estimate, Notes, Origin, Skipped, decision_of
from policy_engine.model.effect import Modifiers
from policy_engine.model.plan import Answer, Plan, PlanStep, Target, Verdict
from policy_engine.model.trace import Result, RuleTrace, TestTrace, Trace

HERE = Address("a.yaml")
ROUTED = Verdict(
    rule="r",
    effect="route",
    plan=Plan(steps=(PlanStep(chain=(Target("mini", "fast"), Target("opus", None))),)),
    modifiers=Modifiers(tags=("x",), log="none"),
    first=Target("mini", "fast"),
    room=-1,
    address=HERE,
)
DECISION = Decision(
    id="r1",
    origin=Origin(revision="sha256:0", generation=3),
    verdict=ROUTED,
    notes=Notes(unknown=("task",), errors=("a: b",), skipped=(Skipped(model="m", reason="it lacks the tag `eu`"),)),
)
WRITTEN = {
    "id": "r1",
    "revision": "sha256:0",
    "generation": 3,
    "rule": "r",
    "effect": "route",
    "tier": "fast",
    "model": "mini",
    "plan": {"steps": [{"models": ["mini", "opus"]}]},
    "modifiers": {"log": "none"},
    "tags": ["x"],
    "unknown": ["task"],
    "errors": ["a: b"],
    "skipped": [{"model": "m", "reason": "it lacks the tag `eu`"}],
}


def test_a_decision_is_written_with_what_was_asked_for() -> None:
    """Estimate and trace are written only when there is one."""
    trace = Trace(
        rules=(
            RuleTrace(
                rule="r",
                result=Result.MATCH,
                tests=(
                    TestTrace(text="task == chat", truth="true", value="chat"),
                    TestTrace(text="t", truth="unknown"),
                ),
                place="a.yaml:$.rules[0]",
                terminal=True,
            ),
        )
    )

    full = DECISION.with_trace(trace).with_estimate(Estimate(cost_usd=Decimal("0.0012"), latency_ms=450))

    assert DECISION.to_json() == WRITTEN
    assert full.to_json() == {
        **WRITTEN,
        "estimate": {"cost_usd": 0.0012, "latency_ms": 450},
        "trace": [
            {
                "rule": "r",
                "result": "match",
                "terminal": True,
                "place": "a.yaml:$.rules[0]",
                "tests": [
                    {"test": "task == chat", "truth": "true", "value": "chat"},
                    {"test": "t", "truth": "unknown"},
                ],
            }
        ],
    }


def test_an_estimate_may_be_unknown() -> None:
    """What is not known is null, not left out and not zero."""
    estimated = DECISION.with_estimate(Estimate(cost_usd=None, latency_ms=None))

    assert estimated.to_json()["estimate"] == {"cost_usd": None, "latency_ms": None}


def test_a_decision_without_a_model_has_no_tier() -> None:
    """An answer at once has neither model nor tier, and default no rule."""
    answer = Verdict(
        rule=None,
        effect="respond",
        plan=Plan(answer=Answer(text="hello")),
        modifiers=Modifiers(),
        first=None,
        room=0,
        address=HERE,
    )

    decision = Decision(id=None, origin=Origin(revision="sha256:0"), verdict=answer)

    assert (decision.rule, decision.effect, decision.model, decision.tier) == (None, "respond", None, None)
    assert (decision.tags, decision.unknown, decision.errors, decision.skipped) == ((), (), (), ())
    assert (decision.generation, decision.trace, decision.estimate, dict(decision.modifiers)) == (None, None, None, {})


def test_the_quick_way_to_a_decision_is_the_same() -> None:
    """A decision made field by field equals one that was called into being, and is as frozen."""
    made = decision_of("r1", DECISION.origin, ROUTED, DECISION.notes)

    assert made == DECISION
    assert hash(made.id) == hash(DECISION.id)
