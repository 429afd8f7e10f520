"""Effects as verdicts."""

from pathlib import Path

from policy_engine.compiler.effects import each_once, passes
from policy_engine.model.effect import Preference
from policy_engine.model.plan import UNBOUNDED, FastestTarget, RequestedTarget, SplitTarget, Target, Verdict
from tests.policies_of import policies


def _verdict(folder: Path, text: str) -> Verdict:
    (rule,) = policies(folder, text).rules
    assert rule.verdict is not None
    return rule.verdict


def _room(folder: Path, effect: str) -> int:
    return _verdict(folder, f"rules: [{{name: r, then: {effect}}}]").room


def test_room_is_how_much_text_needs_no_closer_look(tmp_path: Path) -> None:
    """The smallest context of a fixed chain, less the answer, is its room; what depends on the request has none."""
    rooms = {
        effect: _room(tmp_path, effect)
        for effect in (
            "{route: fast}",
            "{route: frontier}",
            "{respond: {text: hello}}",
            "{cascade: careful}",
            "{route: [requested, fast]}",
            "{route: {fastest: [fast]}}",
            "{route: fast, params: {max_tokens: 5}}",
            "{route: fast, limits: {max_tokens: 5}}",
            "{route: fast, only: {tags: [eu]}}",
            "{route: fast, tags: [x], log: none}",
        )
    }

    assert list(rooms.values()) == [1_000, 200_000, UNBOUNDED, 1_000, -1, -1, 995, 995, -1, 1_000]


def test_one_plan_serves_all_rules_of_a_route(tmp_path: Path) -> None:
    """Rules that name the same models share their plan."""
    first, second = policies(
        tmp_path,
        "rules: [{name: a, when: {task: chat}, then: {route: fast}}, {name: b, then: {route: fast, tags: [x]}}]",
    ).rules

    assert first.verdict is not None
    assert second.verdict is not None
    assert first.verdict.plan is second.verdict.plan


def test_choices_that_need_the_request_are_left_open(tmp_path: Path) -> None:
    """What is requested, what is fastest and what is split is chosen when deciding."""
    plan = _verdict(
        tmp_path,
        """
        rules:
          - name: r
            then:
              route:
                - requested
                - {best: [fast, workhorse], where: {latency: {lt: 2s, ne: 400ms}}}
                - {split: {mini: 1, opus: 3}, by: attributes.tenant}
                - fast
        """,
    ).plan

    assert plan.steps[0].chain == (
        RequestedTarget(),
        FastestTarget(
            candidates=(Target("sonnet", "workhorse"), Target("haiku", "fast"), Target("mini", "fast")),
            ranges=(("lt", (2.0,)), ("ne", (0.4,))),
            preference=Preference.BEST,
        ),
        SplitTarget(
            options=((Target("mini", "fast"),), (Target("opus", "frontier"),)),
            ceilings=(2**62, 2**64),
            by="attributes.tenant",
            salt="r/split",
        ),
        Target("mini", "fast"),
        Target("haiku", "fast"),
    )
    assert plan.first_target() == Target("mini", "fast")


def test_a_model_is_named_once_for_the_tier_that_came_first() -> None:
    """A model in two tiers is tried once."""
    a, again, b = Target("m", "one"), Target("m", "two"), Target("n", "two")

    assert each_once([a, RequestedTarget(), again, b, RequestedTarget()]) == (a, RequestedTarget(), b)


def test_a_fact_passes_where_its_operator_holds() -> None:
    """Each operator is what it says; what is not known passes nothing."""
    found = {
        op: [passes(value, op, (2.0, 3.0)) for value in (1, 2, 3)]
        for op in ("lt", "lte", "gt", "gte", "eq", "in", "ne", "not_in")
    }

    assert found == {
        "lt": [True, False, False],
        "lte": [True, True, False],
        "gt": [False, False, True],
        "gte": [False, True, True],
        "eq": [False, True, True],
        "in": [False, True, True],
        "ne": [True, False, False],
        "not_in": [True, False, False],
    }
    assert not passes(None, "ne", (2.0,))
    assert not passes(1.0, "ne", ())
