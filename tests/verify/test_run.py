"""Tests of running suites and of saying why a test failed."""

from __future__ import annotations

from pathlib import Path

from policy_engine.diagnostics import Severity
from policy_engine.verify.load import place_in
from policy_engine.verify.report import findings_of, reasons, said
from policy_engine.verify.run import Status, chosen, run_suite
from tests.verify.bundles import HEAD, RULES, built, opened

CASES = """\
cases:
  - {name: greets, request: {task: faq, input: "oh, hello"}, expect: {rule: greeting, effect: respond}}
  - {name: too late, request: {task: faq, input: "hello you"}, expect: {rule: short, model: mini}}
  - {name: too long, request: {task: faq, input: "A question of many letters"}, expect: {rule: short}}
  - {name: not yet, request: {task: faq}, expect: {rule: short}, todo: waits for texts}
  - {name: by now, request: {task: faq, input: "hm"}, expect: {rule: short}, todo: waits for texts}
  - {name: cheap, request: {task: faq, input: "hm"}, expect: {estimate: {cost_usd: {lt: 0.001}}}}
"""


def test_each_test_ends_in_one_way(tmp_path: Path) -> None:
    """A failing test with `todo` has not failed, and one that passes is told apart."""
    suite, policy_set, _ = opened(tmp_path, CASES)

    result = run_suite(suite, policy_set)

    assert [one.status for one in result.results] == [
        Status.PASSED,
        Status.FAILED,
        Status.FAILED,
        Status.TODO,
        Status.PASSING_TODO,
        Status.PASSED,
        Status.PASSED,
        Status.PASSED,
    ]
    assert [one.test.name for one in result.failed] == ["too late", "too long"]


def test_a_failure_says_which_rule_stood_before_the_expected_one(tmp_path: Path) -> None:
    """The expected rule is tried by itself, so that it shows whether it would have matched."""
    suite, policy_set, _ = opened(tmp_path, CASES)

    late = run_suite(suite, policy_set).failed[0]

    assert said(late) == "`too late`: rule is greeting, not short; model is (none), not mini"
    assert list(reasons(late)) == [
        "`short` matches too, but `greeting` stands before it",
        "`greeting` decides: task == faq (it is faq); message contains [hello]",
    ]


def test_a_failure_says_which_condition_did_not_hold_and_with_which_value(tmp_path: Path) -> None:
    """The expected rule's failing test is told with what it saw."""
    suite, policy_set, _ = opened(tmp_path, CASES)

    long = run_suite(suite, policy_set).failed[1]

    assert list(reasons(long)) == ["`short` does not match: message.chars <= 20 (it is 26)"]


def test_failures_are_diagnostics_at_their_case(tmp_path: Path) -> None:
    """An error points at the name of the case and at the rules involved; a `todo` is a note."""
    result = built(tmp_path, CASES)
    suite, policy_set, policy = opened(tmp_path, CASES)

    found = place_in(suite, result.bundle, findings_of(run_suite(suite, policy_set), policy))

    assert [(one.code, one.severity, one.span.start.line, one.span.start.column) for one in found] == [
        ("PE620", Severity.ERROR, 3, 12),
        ("PE620", Severity.ERROR, 4, 12),
        ("PE620", Severity.INFO, 5, 12),
        ("PE621", Severity.INFO, 6, 12),
    ]
    assert [(one.message, one.span.path.rpartition("/")[2], one.span.start.line) for one in found[0].related] == [
        ("`short` (expected)", "policy.yaml", 28),
        ("`greeting` (decides)", "policy.yaml", 22),
    ]


def test_an_example_is_about_its_rule_alone(tmp_path: Path) -> None:
    """A rule that would not be reached is tried all the same; a wrong example says how it came out."""
    policy = (HEAD + RULES).replace('input: "good day", expect: no_match', 'input: "good day", expect: match')
    suite, policy_set, _ = opened(tmp_path, CASES, policy)

    wrong = run_suite(suite, policy_set).results[-1]

    assert said(wrong) == "`greeting: example 2`: rule `greeting` is no_match, not match"
    assert list(reasons(wrong)) == ["`greeting` does not match: message contains [hello] is false"]


def test_tests_are_chosen_by_words(tmp_path: Path) -> None:
    """Each word must be in the name or the path, whatever its case."""
    suite, _, _ = opened(tmp_path, CASES)

    assert [test.name for test in chosen(suite, "TOO policy_test")] == ["too late", "too long"]
    assert [test.name for test in chosen(suite, "greeting")] == ["greeting: example 1", "greeting: example 2"]
    assert len(chosen(suite, "no such")) == 0
