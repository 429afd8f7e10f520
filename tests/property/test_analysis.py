"""What the analysis claims, held against made-up bundles and made-up requests."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.analyzer.formula import FALSE, TRUE, Formula, at_least, every, literal, negation, some
from policy_engine.analyzer.solver import Solver
from policy_engine.analyzer.space import Space
from policy_engine.analyzer.study import Study
from policy_engine.compiler.graph import Node, leaves
from policy_engine.pipeline import BuildResult, analyzed, build
from tests.property.agreement import TODAY, folder_of, policy_set_of
from tests.property.policies import Files, make_files
from tests.property.traffic import make_request

SEEDS = st.integers(0, 2**32)


def study_of(files: Files) -> Study:
    """The analysis of these files, before it tells anything."""
    result = build_of(files)
    assert result.validation.policy is not None
    return Study(policy=result.validation.policy, policy_set=policy_set_of(result))


def build_of(files: Files) -> BuildResult:
    """What these files come to."""
    with folder_of(files) as folder:
        return build(folder, today=TODAY)


def case_of(seed: int) -> tuple[Files, list[Mapping[str, Any]]]:
    """The files of a bundle, and requests for it."""
    rng = Random(seed)
    return make_files(rng), [make_request(rng) for _ in range(40)]


@settings(max_examples=15)
@given(SEEDS)
def test_a_rule_called_unreachable_is_decided_by_no_request(seed: int) -> None:
    """No request is decided by a rule that is proved to be covered or impossible, nor does it add its modifiers."""
    files, requests = case_of(seed)
    study = study_of(files)
    dead = {study.rules[fate.number] for fate in study.fates if fate.is_impossible or fate.covered_by}
    impossible = {study.rules[fate.number] for fate in study.fates if fate.is_impossible}

    for request in requests:
        assert study.oracle.decision(request).rule not in {rule.name for rule in dead}
        assert [rule.name for rule in impossible if study.oracle.matches(rule, request)] == []


@settings(max_examples=15)
@given(SEEDS)
def test_what_is_called_constant_never_changes(seed: int) -> None:
    """A condition that is proved never to hold holds for no request, and one that is never false is not false."""
    files, requests = case_of(seed)
    study = study_of(files)
    nodes = {part for rule in study.rules for node in rule.conditions for part in parts_of(node)}
    never_true = [node for node in nodes if study.never_true(node)]
    never_false = [node for node in nodes if study.never_false(node)]

    for request in requests:
        assert [node.text for node in never_true if study.oracle.truth(node, request) is True] == []
        assert [node.text for node in never_false if study.oracle.truth(node, request) is False] == []


@settings(max_examples=15)
@given(SEEDS)
def test_a_rule_that_a_request_reaches_is_never_called_unreachable(seed: int) -> None:
    """No finding about reachability names a rule that decides one of the requests."""
    files, requests = case_of(seed)
    result = build_of(files)
    study = study_of(files)
    reached = {study.oracle.decision(request).rule for request in requests}

    told = [one for one in analyzed(result).report.diagnostics if one.code in ("PE501", "PE502", "PE505")]

    assert [
        one.message for one in told if one.yaml_path.endswith(".name") and one.message.split("`")[1] in reached
    ] == []


@settings(max_examples=15)
@given(SEEDS)
def test_a_request_made_for_a_rule_is_decided_by_it(seed: int) -> None:
    """What is given out as a request for a rule reaches it, and there is one for most rules that are not covered."""
    study = study_of(make_files(Random(seed)))
    made = {}
    for fate in study.fates:
        rule = study.rules[fate.number]
        if rule.verdict is not None:
            formulas = (study.firings[fate.number].matches, *study.past(study.before(fate.number)))
            made[fate.number] = study.witness(formulas, lambda one, rule=rule: study.oracle.decides(rule, one))

    dead = {fate.number for fate in study.fates if fate.is_impossible or fate.covered_by}
    assert {number for number, request in made.items() if request is not None} & dead == set()
    assert [
        number
        for number, request in made.items()
        if request is not None and study.oracle.decision(request).rule != study.rules[number].name
    ] == []


def parts_of(node: Node) -> list[Node]:
    """A condition and all below it, outside of scores."""
    found = [node, *leaves(node)]
    for child in node.children:
        found += parts_of(child)
    return found


@settings(max_examples=150)
@given(SEEDS)
def test_the_solver_agrees_with_trying_everything(seed: int) -> None:
    """A formula is solved where some assignment satisfies it, by cells that do, and only there."""
    rng, space = Random(seed), Space()
    for number in range(4):
        space.add(f"v{number}", [object() for _ in range(rng.randint(1, 3))])
    formulas = [make_formula(rng, space, 3) for _ in range(rng.randint(1, 3))]
    satisfying = [one for one in assignments(space) if all(holds(formula, one) for formula in formulas)]

    state = Solver(space).solve(formulas)

    assert (state is None) == (not satisfying)
    if state is not None:
        within = [one for one in assignments(space) if all(1 << one[v] & state[v] for v in state)]
        assert within
        assert all(one in satisfying for one in within)


def make_formula(rng: Random, space: Space, depth: int) -> Formula:
    """A formula over the variables of a space."""
    kind = rng.random()
    if depth == 0 or kind < 0.3:
        variable = rng.randrange(len(space.names))
        return literal(variable, rng.randint(0, space.full[variable]), space.full)
    parts = [make_formula(rng, space, depth - 1) for _ in range(rng.randint(1, 3))]
    if kind < 0.5:
        return every(parts)
    if kind < 0.7:
        return some(parts, space.full)
    if kind < 0.85:
        return negation(parts[0], space.full)
    return at_least(rng.randint(1, 4), [(rng.randint(1, 3), part) for part in parts])


def assignments(space: Space) -> list[tuple[int, ...]]:
    """Every choice of one cell for each variable."""
    found: list[tuple[int, ...]] = [()]
    for cells in space.cells:
        found = [(*one, cell) for one in found for cell in range(len(cells))]
    return found


def holds(formula: Formula, assignment: tuple[int, ...]) -> bool:
    """Whether an assignment satisfies a formula."""
    if formula is TRUE or formula is FALSE:
        return formula is TRUE
    match formula:
        case (int(variable), int(mask)):
            return bool(mask >> assignment[variable] & 1)
    if type(formula).__name__ == "AtLeast":
        return sum(w for w, part in formula.parts if holds(part, assignment)) >= formula.needed
    outcomes = [holds(part, assignment) for part in formula.parts]
    return all(outcomes) if type(formula).__name__ == "Every" else any(outcomes)
