"""The compiler as a whole: what it gives, and what it uses again."""

from pathlib import Path

import pytest

from policy_engine.compiler.compile import STAGES
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.unit import LARGEST, SMALLEST_CUT, cut
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.pipeline import BuildResult, build
from tests.policies_of import policies, written

FILES = {
    "a.yaml": """
        rules:
          - {name: a1, when: {task: chat}, then: {route: fast}}
          - {name: a2, when: {message: {matches: x}}, then: {route: fast}}
    """,
    "b.yaml": "rules: [{name: b1, when: {attributes: {plan: pro}}, then: {route: frontier}}]",
}


def test_every_stage_says_what_it_does() -> None:
    """The compiler is a table of functions, each explained by its docstring."""
    assert [stage.__doc__ is not None for stage in STAGES] == [True] * len(STAGES)


def test_rules_that_did_not_change_are_the_same_objects(tmp_path: Path) -> None:
    """Editing one file leaves the compiled rules of the others as they are, and the graph shared."""
    first, second = _rebuilt(tmp_path, {"b.yaml": FILES["b.yaml"].replace("pro", "free")})

    before, after = _by_name(first), _by_name(second)
    assert {name: before[name] is after[name] for name in before} == {"a1": True, "a2": True, "b1": False}
    assert decide(second, Request(attributes={"plan": "free"})).rule == "b1"
    assert decide(first, Request(attributes={"plan": "free"})).rule is None


def test_an_unchanged_folder_gives_the_same_units(tmp_path: Path) -> None:
    """Building again without an edit compiles nothing again."""
    first, second = _rebuilt(tmp_path, {})

    assert [id(unit) for unit in second.general] == [id(unit) for unit in first.general]
    assert second.revision == first.revision


def test_the_graph_does_not_grow_with_every_edit(tmp_path: Path) -> None:
    """Conditions that no rule has any more are forgotten, those that stay are the same."""
    result = build(written(tmp_path, FILES))
    sizes = []
    for plan in ("free", "pro", "enterprise", "free", "pro"):
        (tmp_path / "b.yaml").write_text(FILES["b.yaml"].replace("pro", plan), encoding="utf-8")
        result = build(tmp_path, previous=result)
        assert result.policy_set is not None
        sizes.append(len(result.policy_set.interner.nodes))

    assert sizes == [3] * 5


def test_an_added_rule_moves_others_without_compiling_them(tmp_path: Path) -> None:
    """A rule of a new file takes its place; the rules around it are taken over."""
    first, second = _rebuilt(tmp_path, {"aa.yaml": "rules: [{name: new, when: {task: chat}, then: {route: frontier}}]"})

    assert [rule.name for rule in second.rules] == ["a1", "a2", "new", "b1"]
    assert _by_name(first)["b1"] is _by_name(second)["b1"]


def test_a_changed_declaration_compiles_everything_anew(tmp_path: Path) -> None:
    """What a name means may reach every rule, so nothing is taken over when one changes."""
    first, second = _rebuilt(tmp_path, {"c.yaml": "attributes: {extra: {type: string}}"})

    assert not {id(rule) for rule in first.rules} & {id(rule) for rule in second.rules}


def test_a_rule_reused_is_still_told_about(tmp_path: Path) -> None:
    """A finding about a rule that did not change is in the next report too."""
    files = {**FILES, "bad.yaml": "rules: [{name: bad, when: {message: {matches: '('}}, then: {route: fast}}]"}
    first = build(written(tmp_path, files))
    (tmp_path / "a.yaml").write_text(FILES["a.yaml"].replace("chat", "code"), encoding="utf-8")

    second = build(tmp_path, previous=first)

    assert [one.code for one in second.report.errors] == [one.code for one in first.report.errors] == ["PE401"]
    assert second.policy_set is None


def test_a_request_of_each_task_has_the_rules_that_can_match_it(tmp_path: Path) -> None:
    """A task's cell holds rules of its own and of any task; other requests see all rules."""
    policy_set = policies(
        tmp_path,
        """
        rules:
          - {name: chat, when: {task: chat}, then: {tags: [c]}}
          - {name: two, when: {task: [chat, code]}, then: {tags: [t]}}
          - {name: any, when: {wants: {stream: true}}, then: {tags: [a]}}
          - {name: not, when: {not: {task: chat}}, then: {tags: [n]}}
          - {name: never, when: {all: [{task: chat}, {task: code}]}, then: {tags: [x]}}
        """,
    )

    cells = {task: [rule.name for unit in units for rule in unit.rules] for task, units in policy_set.cells.items()}

    assert cells == {"chat": ["chat", "two", "any", "not"], "code": ["two", "any", "not"], "sum_up": ["any", "not"]}
    assert [rule.name for unit in policy_set.general for rule in unit.rules] == ["chat", "two", "any", "not", "never"]
    assert len(list(policy_set.units())) == 4


def test_a_policy_set_knows_which_snapshot_it_is(tmp_path: Path) -> None:
    """The generation is none outside of an engine, and is the only thing that a snapshot adds."""
    policy_set = policies(tmp_path, FILES)

    numbered = policy_set.with_generation(3)

    assert (policy_set.generation, numbered.generation) == (None, 3)
    assert (numbered.revision, numbered.rules) == (policy_set.revision, policy_set.rules)
    assert decide(numbered, Request()).generation == 3


@pytest.mark.parametrize(
    ("sizes", "pieces"),
    [
        ([3, 4], [7]),
        ([SMALLEST_CUT, 4], [SMALLEST_CUT, 4]),
        ([SMALLEST_CUT - 1, 1, 5], [SMALLEST_CUT, 5]),
        ([LARGEST + 3], [LARGEST, 3]),
        ([], []),
    ],
)
def test_units_end_with_files_once_they_are_large_enough(sizes: list[int], pieces: list[int], tmp_path: Path) -> None:
    """An edit changes the units of its own file only, where files are large."""
    files = {
        f"{number}.yaml": "rules: ["
        + ", ".join(f"{{name: r{number}-{i}, then: {{tags: [t]}}}}" for i in range(size))
        + "]"
        for number, size in enumerate(sizes)
    }
    rules = policies(tmp_path, files).rules if files else ()

    assert [len(piece) for piece in cut(rules)] == pieces


def _rebuilt(folder: Path, edits: dict[str, str]) -> tuple[PolicySet, PolicySet]:
    first = build(written(folder, FILES))
    for name, text in edits.items():
        (folder / name).write_text(text, encoding="utf-8")
    return _sound(first), _sound(build(folder, previous=first))


def _sound(result: BuildResult) -> PolicySet:
    assert result.policy_set is not None, result.report.errors
    return result.policy_set


def _by_name(policy_set: PolicySet) -> dict[str, object]:
    return {rule.name: rule for rule in policy_set.rules}
