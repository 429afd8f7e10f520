"""Three values with signals pending: which outcomes are still possible."""

import pytest
import yaml

from policy_engine.compiler.graph import Node
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.possible import (
    FALSE,
    MAYBE,
    OPEN,
    TRUE,
    all_outcomes,
    blamed,
    is_settled,
    outcomes,
    pending,
)
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.request import Request
from policy_engine.model.vocabulary import Stage
from tests.policies_of import policies

CASES: dict[str, tuple[str, int]] = {
    "true": ("wants: {json: false}", TRUE),
    "false": ("wants: {json: true}", FALSE),
    "unknown": ("task: chat", MAYBE),
    "pending": ("cache: {replies: {hit: true}}", OPEN),
    "failed": ("budget: {daily: {used: {gt: 1%}}}", MAYBE),
    "not pending": ("not: {cache: {replies: {hit: true}}}", OPEN),
    "pending and unknown": ("task: chat, cache: {replies: {hit: true}}", FALSE | MAYBE),
    "pending and false": ("wants: {json: true}, cache: {replies: {hit: true}}", FALSE),
    "pending and true": ("wants: {json: false}, cache: {replies: {hit: true}}", OPEN),
    "pending or true": ("any: [{wants: {json: false}}, {cache: {replies: {hit: true}}}]", TRUE),
    "pending or false": ("any: [{wants: {json: true}}, {cache: {replies: {hit: true}}}]", OPEN),
    "pending or unknown": ("any: [{task: chat}, {cache: {replies: {hit: true}}}]", TRUE | MAYBE),
    "neither pending nor unknown": ("none: [{task: chat}, {cache: {replies: {hit: true}}}]", FALSE | MAYBE),
    "a score below": ("score: {s: {lt: -10}}", FALSE),
    "a score within": ("score: {s: {gte: -1, lte: 3}}", TRUE),
    "a score that a signal could settle": ("score: {s: {gte: 2}}", OPEN),
    "a score that nothing can settle": ("score: {u: {gte: 1}}", MAYBE),
}


@pytest.fixture(scope="module")
def policy_set(tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """One rule for each case."""
    scores = {
        "s": [
            {"when": {"cache": {"replies": {"hit": True}}}, "points": 2},
            {"when": {"task": "chat"}, "points": -1},
            {"when": {"wants": {"json": False}}, "points": 1},
        ],
        "u": [{"when": {"task": "chat"}, "points": 1}],
    }
    rules = [
        {"name": name.replace(" ", "-"), "when": yaml.safe_load(f"{{{when}}}"), "then": {"route": "fast"}}
        for name, (when, _) in CASES.items()
    ]
    return policies(tmp_path_factory.mktemp("possible"), yaml.safe_dump({"scores": scores, "rules": rules}))


@pytest.fixture
def facts(policy_set: PolicySet) -> Facts:
    """A request of which little is known, and whose budget could not be learned."""
    return Facts(Request(), policy_set.layout).knowing({"budget.daily": UNKNOWN})


@pytest.mark.parametrize(("name", "possible"), [(name, possible) for name, (_, possible) in CASES.items()], ids=CASES)
def test_outcomes_are_those_that_are_still_possible(
    name: str, possible: int, policy_set: PolicySet, facts: Facts
) -> None:
    """False beats unknown beats true for what is joined; a pending signal may turn out any way."""
    assert outcomes(_node(policy_set, name), facts) == possible


def test_a_conjunction_of_nothing_is_true(facts: Facts) -> None:
    """A rule without conditions holds."""
    assert all_outcomes((), facts) == TRUE


def test_one_outcome_is_settled() -> None:
    """Only a single outcome leaves nothing to learn."""
    assert [one for one in range(8) if is_settled(one)] == [TRUE, FALSE, MAYBE]


BLAMED: dict[str, list[str]] = {
    "unknown": ["task"],
    "failed": ["budget.daily"],
    "pending": [],
    "pending and unknown": ["task"],
    "pending and false": [],
    "pending or true": [],
    "a score that nothing can settle": ["task"],
    "a score within": [],
}


@pytest.mark.parametrize(("name", "groups"), BLAMED.items(), ids=BLAMED)
def test_only_what_is_unknown_for_good_is_blamed(
    name: str, groups: list[str], policy_set: PolicySet, facts: Facts
) -> None:
    """What nobody asked for, and what something else settles, is not blamed."""
    assert list(blamed(_node(policy_set, name), facts)) == groups


def test_pending_signals_have_their_stage(policy_set: PolicySet, facts: Facts) -> None:
    """What could still settle a condition is told with its stage; nothing for one that is settled."""
    asked = {
        name: list(pending((_node(policy_set, name),), facts)) for name in ("pending", "failed", "pending or true")
    }

    assert asked == {"pending": [(Stage.CACHES, "cache.replies")], "failed": [], "pending or true": []}


def _node(policy_set: PolicySet, name: str) -> Node:
    (node,) = [rule.node for rule in policy_set.rules if rule.name == name.replace(" ", "-")]
    assert node is not None
    return node
