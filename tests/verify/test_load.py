"""Tests of reading test files into cases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy_engine.diagnostics import Address
from policy_engine.pipeline import build
from policy_engine.verify.suite import MOMENT
from tests.verify.bundles import HEAD, RULES, opened, write

CASES = """\
at: "2026-11-23T10:00:00Z"
fixtures:
  pro: {attributes: {plan: pro, stakes: high}, input: "hello", tokens: {input: 5}}
  calm: {attributes: {stakes: low}}
cases:
  - name: laid over
    fixture: [pro, calm]
    request: {task: faq, messages: [{role: user, content: "hi"}]}
    matrix: {attributes.plan: [free, pro], tokens.message: [1]}
    expect: {rule: short}
  - name: with a clock of its own
    at: "2026-11-24T10:00:00"
    request: {task: faq}
    expect: {rule: short}
    todo: later
"""


def test_a_case_is_made_of_fixtures_its_request_and_a_combination(tmp_path: Path) -> None:
    """Mappings are laid over each other entry by entry; `messages` replaces `input`; the file's clock holds."""
    suite, _, _ = opened(tmp_path, CASES)

    assert suite.diagnostics == ()
    assert [case.name for case in suite.cases[:2]] == [
        "laid over (attributes.plan: free, tokens.message: 1)",
        "laid over (attributes.plan: pro, tokens.message: 1)",
    ]
    assert suite.cases[0].written == {
        "attributes": {"plan": "free", "stakes": "low"},
        "tokens": {"input": 5, "message": 1},
        "task": "faq",
        "messages": [{"role": "user", "content": "hi"}],
        "at": "2026-11-23T10:00:00Z",
    }
    assert suite.cases[0].address == Address("policy_test.yaml", ("cases", 0))


def test_a_case_may_have_its_own_clock_and_a_todo(tmp_path: Path) -> None:
    """Its `at` wins over the file's, and is UTC without an offset."""
    suite, _, _ = opened(tmp_path, CASES)

    assert (suite.cases[2].request.at, suite.cases[2].todo) == (datetime(2026, 11, 24, 10, tzinfo=UTC), "later")


def test_without_a_clock_the_moment_is_fixed(tmp_path: Path) -> None:
    """No test hangs on when it runs, be it a case or an example."""
    suite, _, _ = opened(tmp_path, "cases: [{name: a, request: {task: faq}, expect: {rule: short}}]\n")

    assert {test.request.at for test in suite} == {MOMENT}


def test_examples_of_rules_are_tests(tmp_path: Path) -> None:
    """Each example is a test of its rule, at its place."""
    suite, _, policy = opened(tmp_path, "cases: [{name: a, request: {task: faq}, expect: {rule: short}}]\n")

    assert [(one.name, one.matches, one.address.yaml_path) for one in suite.examples] == [
        ("greeting: example 1", True, "$.rules[1].examples[0]"),
        ("greeting: example 2", False, "$.rules[1].examples[1]"),
    ]
    assert suite.examples[0].rule is policy.rules[1]


def test_test_files_do_not_change_the_revision(tmp_path: Path) -> None:
    """The same policies have the same revision whatever their tests say, and the build knows the tests."""
    write(tmp_path, "cases: [{name: a, request: {task: faq}, expect: {rule: short}}]\n")
    first = build(tmp_path)
    (tmp_path / "policy_test.yaml").write_text("cases: []\n")
    second = build(tmp_path, previous=first)

    assert first.report.revision == second.report.revision
    assert [test.path for test in second.bundle.tests] == ["policy_test.yaml"]
    assert first.bundle.tests != second.bundle.tests


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        ("cases: [", "policy_test.yaml:1:8: error[PE101] "),
        ("cases: [{name: a, request: {task: faq}}]\n", "policy_test.yaml:1:9: error[PE203] missing key `expect`"),
        (
            "cases: [{name: a, request: {}, expect: {effekt: deny}}]\n",
            "policy_test.yaml:1:41: error[PE201] unknown key `effekt`",
        ),
        ("cases: [{name: a, request: {task: null}, expect: {effect: deny}}]\n", "policy_test.yaml:1:35: error[PE103] "),
    ],
)
def test_form_is_checked_as_in_policies(tmp_path: Path, tests: str, found: str) -> None:
    """YAML and shape of a test file are held to the same rules, at file, line and column."""
    suite, _, _ = opened(tmp_path, tests)

    assert any(one.headline().startswith(f"{tmp_path}/{found}") for one in suite.diagnostics)


def case(fields: str, head: str = "") -> str:
    """A test file with one case."""
    return f"{head}cases:\n  - name: a\n    {fields}\n"


@pytest.mark.parametrize(
    ("tests", "found"),
    [
        (
            case("request: {task: faq}\n    expect: {rule: shrot}"),
            ["4:20: error[PE601] unknown rule `shrot`|did you mean `short`?"],
        ),
        (
            case("request: {task: faq}\n    expect: {rule: default}"),
            ["4:20: error[PE601] unknown rule `default`|write `(default)` where no rule is to decide"],
        ),
        (
            case("request: {task: faq}\n    expect: {rule: mark}"),
            ["4:20: error[PE602] `mark` never decides: it is a modifier|expect what it adds instead"],
        ),
        (
            case("request: {task: faq}\n    expect: {tier: fsat, model: mini2}"),
            [
                "4:20: error[PE603] unknown tier `fsat`|did you mean `fast`?",
                "4:33: error[PE603] unknown model `mini2`|did you mean `mini`?",
            ],
        ),
        (
            case("fixture: por\n    expect: {rule: short}", "fixtures: {pro: {task: faq}}\n"),
            [
                "1:12: warning[PE610] no case uses the fixture `pro`|remove it, or write `fixture:` in a case",
                "4:14: error[PE604] unknown fixture `por`|write `pro`",
            ],
        ),
        (
            case("expect: {rule: short}\n  - name: a\n    expect: {rule: short}"),
            ["4:11: error[PE605] two cases are called `a`|name each, or make them one case with a `matrix`"],
        ),
        (
            case('at: "2026-13-01T10:00:00Z"\n    expect: {rule: short}'),
            [
                "2:5: error[PE606] this is not a request: `at` must be a moment such as 2026-11-23T10:00:00Z, "
                "not `2026-13-01T10:00:00Z`|`policy-engine schema request` describes requests"
            ],
        ),
        (
            case(
                "request: {attributes: {paln: pro}, signals: {budget: {dayly: {used: 1}}}}\n    expect: {rule: short}"
            ),
            [
                "3:28: error[PE607] nothing declares the attribute `paln`|did you mean `plan`?",
                "3:59: error[PE607] nothing declares the budget signal `dayly`|did you mean `daily`?",
            ],
        ),
        (
            case("matrix: {plan: [free]}\n    expect: {rule: short}"),
            ["3:14: error[PE608] `plan` is no place in a request|write `attributes.plan`"],
        ),
        (
            case("expect: {effect: respond, model: mini}"),
            ["3:38: error[PE609] `respond` calls no model, so there is no `model`|leave it out"],
        ),
    ],
)
def test_mistakes_in_meaning_are_found_at_their_place(tmp_path: Path, tests: str, found: list[str]) -> None:
    """What no run could tell is told before, with line, column and help."""
    suite, _, _ = opened(tmp_path, tests)

    told = [f"{one.headline()}|{one.help}" for one in suite.diagnostics]
    assert told == [f"{tmp_path}/policy_test.yaml:{line}" for line in found]


def test_a_huge_matrix_is_not_run(tmp_path: Path) -> None:
    """More than a thousand combinations are a mistake, and none of them is a case."""
    numbers = ", ".join(map(str, range(40)))
    matrix = f"{{tokens.input: [{numbers}], tokens.message: [{numbers}]}}"
    suite, _, _ = opened(tmp_path, case(f"matrix: {matrix}\n    expect: {{rule: short}}"))

    assert suite.cases == ()
    assert [one.message for one in suite.diagnostics] == ["the matrix has 1,600 combinations, 1,000 at most are run"]


def test_mistakes_in_examples_are_found(tmp_path: Path) -> None:
    """An example is held to what is declared, too."""
    policy = (HEAD + RULES).replace('{task: faq, input: "good day"', '{attributes: {paln: pro}, input: "good day"')
    suite, _, _ = opened(tmp_path, "cases: [{name: a, expect: {rule: short}}]\n", policy)

    assert [(one.code, one.yaml_path) for one in suite.diagnostics] == [
        ("PE607", "$.rules[1].examples[1].attributes.paln")
    ]
