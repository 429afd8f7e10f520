"""The units for requests without a task of the bundle: there when they are needed, and not before."""

from pathlib import Path

from policy_engine.compiler.unit import Unit
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.pipeline import BuildResult, build
from tests.policies_of import policies, written

RULES = """
rules:
  - {name: chat, when: {task: chat, wants: {json: true}}, then: {route: frontier}}
  - {name: any, when: {wants: {stream: true}}, then: {route: fast}}
"""


def test_they_are_made_for_the_first_request_without_a_task(tmp_path: Path) -> None:
    """Requests with a task of the bundle make nothing; the first other one does."""
    policy_set = policies(tmp_path, RULES)

    assert decide(policy_set, Request(task="chat", wants={"stream": True})).rule == "any"
    assert policy_set.rest.made == ()
    assert decide(policy_set, Request(wants={"stream": True})).rule == "any"
    assert [rule.name for unit in policy_set.rest.made for rule in unit.rules] == ["chat", "any"]


def test_after_an_edit_they_are_made_at_once_where_they_were_needed_before(tmp_path: Path) -> None:
    """A reload leaves nothing to do for the first request after it, where such requests come."""
    first = build(written(tmp_path, {"p.yaml": RULES}))
    unasked = _edited(tmp_path, previous=first)
    assert first.policy_set is not None
    first.policy_set.rest.units()
    asked = _edited(tmp_path, previous=first)

    assert [len(unasked), len(asked)] == [0, 1]


def test_they_are_the_same_objects_while_the_rules_are(tmp_path: Path) -> None:
    """A build in which no rule changed takes over what was made, and what was not."""
    first = build(written(tmp_path, {"p.yaml": RULES}))
    second = build(tmp_path, previous=first)

    assert first.policy_set is not None
    assert second.policy_set is not None
    assert second.policy_set.rest is first.policy_set.rest


def test_a_numbered_policy_set_shares_them(tmp_path: Path) -> None:
    """What the snapshot of an engine makes is made for the next build as well."""
    policy_set = policies(tmp_path, RULES)

    assert policy_set.with_generation(3).general is policy_set.general


def _edited(folder: Path, *, previous: BuildResult) -> tuple[Unit, ...]:
    (folder / "p.yaml").write_text(RULES.replace("frontier", "fast"), encoding="utf-8")
    policy_set = build(folder, previous=previous).policy_set
    assert policy_set is not None
    return policy_set.rest.made
