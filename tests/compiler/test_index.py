"""The index of a unit: rules that surely fail are gone, and no others."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.compiler.index import FEW
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.possible import FALSE, all_outcomes
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

CONDITIONS: list[dict[str, Any]] = [
    *({"attributes": {"plan": {"in": [plan]}}} for plan in ("free", "pro", "enterprise")),
    {"attributes": {"plan": {"in": ["free", "pro"], "ne": "free"}}},
    {"attributes": {"plan": {"not_in": ["free", "pro"]}}},
    {"all": [{"attributes": {"plan": "free"}}, {"attributes": {"plan": "pro"}}]},
    *({"attributes": {"seats": {"gte": low, "lt": low + 3}}} for low in (0, 2, 5)),
    {"attributes": {"seats": {"gt": 6}}},
    {"attributes": {"seats": {"eq": 4}}},
    {"attributes": {"seats": {"ne": 4}}},
    *({"attributes": {"ratio": {"lte": bound}}} for bound in (0.1, 0.5, 1)),
    {"attributes": {"beta": True}},
    {"attributes": {"beta": False}},
    {"attributes": {"beta": {"ne": False}}},
    {"wants": {"model": "mini"}},
    {"wants": {"model": {"ne": "auto"}}},
    {"wants": {"model": ["auto", "mini"], "stream": True}},
    *({"message": {"chars": {"gt": bound}}} for bound in (0, 1, 3)),
    *({"input": {"tokens": {"lte": bound}}} for bound in (0, 1, 2)),
    {"any": [{"attributes": {"plan": "free"}}, {"attributes": {"beta": True}}]},
]


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """One modifier for each condition."""
    rules = [{"name": f"r{i}", "when": when, "then": {"tags": ["t"]}} for i, when in enumerate(CONDITIONS)]
    return policies(tmp_path_factory.mktemp("index"), yaml.safe_dump({"rules": rules}))


ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "plan": st.sampled_from(["free", "pro", "enterprise", "gold", None]),
        "seats": st.integers(-1, 9) | st.just("many"),
        "ratio": st.sampled_from([0.1, 0.10000000000000002, 0.5, 1, 1.5, -3]),
        "beta": st.sampled_from([True, False, 1]),
    },
)
REQUESTS = st.builds(
    Request,
    attributes=ATTRIBUTES,
    input=st.none() | st.text(alphabet="aä ", max_size=9),
    wants=st.fixed_dictionaries(
        {}, optional={"model": st.sampled_from(["auto", "mini", "x"]), "stream": st.booleans()}
    ),
)


@given(request=REQUESTS)
def test_the_index_leaves_out_only_what_surely_fails(policy_set: PolicySet, request: Request) -> None:
    """A rule that the index leaves out is false, and one whose every condition it settles is false only if left out."""
    facts = Facts(request, policy_set.layout, lambda: datetime(2026, 11, 23, tzinfo=UTC))

    for unit in policy_set.general:
        alive = unit.narrow(facts)
        for position, rule in enumerate(unit.rules):
            surely_false = all_outcomes(rule.conditions, facts) == FALSE
            if not alive >> position & 1:
                assert surely_false, rule.name
            elif set(rule.conditions) <= unit.settled[position]:
                assert not surely_false, rule.name


def test_facts_that_many_rules_test_are_indexed(policy_set: PolicySet) -> None:
    """Attributes, what is wanted and lengths are looked up, once enough rules ask for them."""
    (unit,) = policy_set.general

    assert {fact.name for fact in unit.indexed} == {
        "attributes.plan", "attributes.seats", "attributes.ratio", "attributes.beta", "wants.model",
        "message.chars", "input.tokens",
    }  # fmt: skip


def test_few_tests_of_a_fact_are_simply_run(tmp_path: Path) -> None:
    """Below the bound a fact is not indexed."""
    policy_set = policies(tmp_path, "rules: [{name: r, when: {attributes: {plan: pro}}, then: {route: fast}}]")

    assert policy_set.general[0].indexed == ()


def test_few_rules_have_no_index(tmp_path: Path) -> None:
    """Where few rules are tried, nothing is looked up, however many of them test the same fact."""
    rules = [f"{{name: r{n}, when: {{message: {{chars: {{gt: {n}}}}}}}, then: {{route: fast}}}}" for n in range(FEW)]

    policy_set = policies(tmp_path, f"rules: [{', '.join(rules)}]")

    assert policy_set.general[0].indexed == ()
    assert policy_set.general[0].first is not None
