"""Tests of trying changes, and of the cases that would notice them."""

from __future__ import annotations

from pathlib import Path

from policy_engine.compiler.compile import compile_variant
from policy_engine.verify.load import load_suite
from policy_engine.verify.mutate.trial import Fate, MutationResult, try_mutants
from policy_engine.verify.run import Status, run_suite
from tests.verify.bundles import HEAD, RULES, built, opened

ONE_CASE = 'cases:\n  - {name: greets, request: {task: faq, input: "hello"}, expect: {rule: greeting}}\n'


def tried(folder: Path, tests: str, policy: str = HEAD + RULES) -> MutationResult:
    """What became of each change."""
    return try_mutants(*opened(folder, tests, policy))


def fates(result: MutationResult) -> dict[str, Fate]:
    """The fate of each change, by what it says."""
    return {f"{one.mutant.owner}: {one.mutant.text}": one.fate for one in result.results}


def test_a_change_that_breaks_a_test_is_noticed(tmp_path: Path) -> None:
    """Examples notice what happens to their rule, cases what is decided; the rest is missed."""
    result = tried(tmp_path, ONE_CASE)
    found = fates(result)

    assert found["greeting: drop the rule"] is Fate.NOTICED
    assert found["greeting: drop `message.text contains [hello]`"] is Fate.NOTICED
    assert found["greeting: another answer"] is Fate.MISSED
    assert found["short: `message.chars <= 20` becomes `message.chars <= 21`"] is Fate.MISSED
    assert 0 < result.percent < 100
    noticed = next(one for one in result.results if one.mutant.text == "drop `message.text contains [hello]`")
    assert noticed.noticed_by == "greeting: example 2"


def test_changes_without_effect_are_not_counted(tmp_path: Path) -> None:
    """Rules that exclude each other may change places, and what another test implies may go."""
    policy = HEAD + (
        "rules:\n"
        "  - {name: one, when: {task: faq}, then: {route: fast}}\n"
        "  - {name: two, when: {task: summarize}, then: {route: fast}}\n"
    )
    found = fates(tried(tmp_path, "cases: [{name: a, expect: {rule: (default)}}]\n", policy))

    assert found["one: try `two` before `one`"] is Fate.EQUAL
    assert found["two: `on_unknown: default` instead of `skip`"] is Fate.EQUAL
    assert found["one: drop the rule"] is Fate.MISSED


def test_every_case_that_is_offered_notices_its_change(tmp_path: Path) -> None:
    """Pasted into the test file, a case passes with the policies as they are and fails with the changed ones."""
    result = tried(tmp_path, ONE_CASE)
    offered = [one for one in result.having(Fate.MISSED) if one.witness is not None]
    pasted = "cases:\n" + "\n".join(one.witness.case for one in offered if one.witness is not None) + "\n"

    after = built(tmp_path, pasted)
    assert after.policy_set is not None
    assert after.validation.policy is not None
    suite = load_suite(after.bundle, after.validation.policy)
    with_change = [
        run_suite(suite, compile_variant(one.mutant.policy, opened(tmp_path, pasted)[1])).results[number].status
        for number, one in enumerate(offered)
    ]

    assert len(offered) >= 20
    assert suite.diagnostics == ()
    assert {one.status for one in run_suite(suite, after.policy_set).results} == {Status.PASSED}
    assert set(with_change) == {Status.FAILED}


def test_the_offered_cases_raise_the_score(tmp_path: Path) -> None:
    """With all of them, nothing is missed for which a request was found."""
    before = tried(tmp_path, ONE_CASE)
    cases = [one.witness.case for one in before.having(Fate.MISSED) if one.witness is not None]

    after = tried(tmp_path, "cases:\n" + "\n".join(cases) + "\n")

    assert [one.mutant.text for one in after.having(Fate.MISSED) if one.witness is not None] == []
    assert after.percent > 95


def test_a_request_is_found_behind_rules_that_stand_before(tmp_path: Path) -> None:
    """Where an earlier rule decides, it is got out of the way."""
    policy = HEAD + (
        "rules:\n"
        "  - {name: short, when: {message: {chars: {lte: 300}}}, then: {route: fast}}\n"
        "  - {name: late, when: {task: [faq, summarize], attributes: {plan: pro}}, then: {route: fast}}\n"
    )
    tests = "cases: [{name: a, request: {task: faq, input: hi, attributes: {plan: pro}}, expect: {rule: short}}]\n"

    result = tried(tmp_path, tests, policy)

    dropped = next(one for one in result.results if one.mutant.text == "drop `faq` from `task in`")
    assert dropped.witness is not None
    assert dropped.witness.expect == {"rule": "late"}
    assert len(dropped.witness.request["input"]) == 301


def test_progress_is_told(tmp_path: Path) -> None:
    """After each change the number of those tried is told."""
    told: list[int] = []
    suite, policy_set, policy = opened(tmp_path, ONE_CASE)

    result = try_mutants(suite, policy_set, policy, on_tried=told.append)

    assert told == list(range(1, len(result.results) + 1))
