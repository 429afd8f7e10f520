"""Tests of `policy-engine test`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

from tests.verify.bundles import HEAD, RULES, write

Run = Callable[..., Result]
PASSING = "cases:\n  - {name: greets, request: {task: faq, input: hello}, expect: {rule: greeting}}\n"
FAILING = PASSING + (
    "  - {name: too long, request: {task: faq, input: A question of many letters}, expect: {rule: short, tier: fast}}\n"
    "  - {name: not yet, request: {task: faq}, expect: {rule: short}, todo: waits for texts}\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the program runs; its bundle goes into `shop`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def test_passing_tests_are_counted(folder: Path, run: Run) -> None:
    """Nothing on standard output, the count on standard error, and 0."""
    write(folder, PASSING)

    result = run("test", "shop")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "3 tests passed, 0 failed\n")


def test_a_failure_shows_what_was_expected_and_why_it_came_otherwise(folder: Path, run: Run) -> None:
    """Place, differences, the condition that did not hold with its value, and the trace; ends with 1."""
    write(folder, FAILING)

    result = run("test", "shop")

    assert result.exit_code == 1
    assert result.stdout == (
        "shop/policy_test.yaml:3:5: FAILED too long\n"
        "  rule  - short\n"
        "        + (default)\n"
        "  tier  - fast\n"
        "        + frontier\n"
        "  `short` does not match: message.chars <= 20 (it is 26)\n"
        "\n"
        "  route by (default) → big\n"
        "    mark      unknown   attributes.plan == free\n"
        "    greeting  no match  message contains [hello]\n"
        "    short     no match  message.chars <= 20 (it is 26)\n"
        "    (default)\n"
        "\n"
        "shop/policy_test.yaml:4:5: todo not yet\n"
        "  todo: waits for texts\n"
        "  rule  - short\n"
        "        + (default)\n"
        "  `short` does not match: message.chars <= 20 is unknown\n"
    )
    assert result.stderr == "\n3 tests passed, 1 failed, 1 to do\n"


def test_tests_are_chosen_by_words(folder: Path, run: Run) -> None:
    """Only what was chosen is run, so a failure elsewhere does not matter."""
    write(folder, FAILING)

    result = run("test", "shop", "-k", "greets")

    assert (result.exit_code, result.stderr) == (0, "1 test passed, 0 failed\n")


def test_github_gets_annotations(folder: Path, run: Run) -> None:
    """A failure is an error at its place, a `todo` a notice."""
    write(folder, FAILING)

    lines = run("test", "shop", "--format", "github", "-q").stdout.splitlines()

    assert [line.partition("::")[2].partition("::")[2] for line in lines] == [
        "`too long`: rule is (default), not short; tier is frontier, not fast"
        "%0Ahelp: `short` does not match: message.chars <= 20 (it is 26)",
        "`not yet`: rule is (default), not short (todo: waits for texts)"
        "%0Ahelp: `short` does not match: message.chars <= 20 is unknown",
    ]
    assert [line.split()[0] for line in lines] == ["::error", "::notice"]


def test_github_gets_what_is_missing_as_well(folder: Path, run: Run) -> None:
    """A share that is not reached is an error without a line; the count of tests is talk."""
    write(folder, PASSING)

    result = run("test", "shop", "--format", "github", "--min-coverage", "90")

    assert result.stdout == "::error title=tests of shop::coverage is 31.8 %25, below 90 %25\n"
    assert (result.exit_code, result.stderr) == (1, "3 tests passed, 0 failed\n")


def test_junit_counts_by_file(folder: Path, run: Run) -> None:
    """A suite for each file, a failure with its reasons, a `todo` as skipped."""
    write(folder, FAILING)

    tree = ElementTree.fromstring(run("test", "shop", "--format", "junit", "-q").stdout)

    suites = {suite.get("name"): dict(suite.attrib) for suite in tree}
    assert suites["shop/policy_test.yaml"] | {"name": ""} == {
        "name": "",
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    failure = tree.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "rule: (default), not short; tier: frontier, not fast"
    assert failure.text is not None
    assert "message.chars <= 20 (it is 26)" in failure.text


def test_json_holds_everything(folder: Path, run: Run) -> None:
    """Tests, findings, coverage and changes in one document."""
    write(folder, PASSING)

    written = json.loads(run("test", "shop", "--format", "json", "--coverage", "--mutate", "-q").stdout)

    assert [test["status"] for test in written["tests"]] == ["passed"] * 3
    assert written["summary"]["passed"] == 3
    assert written["coverage"]["rules"] == 33.33
    assert written["mutation"]["noticed"] > 5
    assert {change["fate"] for change in written["mutation"]["changes"]} == {"noticed", "missed", "equal"}


def test_jsonl_has_a_test_on_each_line(folder: Path, run: Run) -> None:
    """A failure comes with its differences and its traced decision."""
    write(folder, FAILING)

    lines = [json.loads(line) for line in run("test", "shop", "--format", "jsonl", "-q").stdout.splitlines()]

    assert [(line["name"], line["kind"], line["line"]) for line in lines[:2]] == [
        ("greets", "case", 2),
        ("too long", "case", 3),
    ]
    assert lines[1]["differences"][0] == {"place": "rule", "expected": "short", "actual": "(default)"}
    assert lines[1]["decision"]["trace"][2]["rule"] == "short"


def test_coverage_is_a_table_and_what_is_missing(folder: Path, run: Run) -> None:
    """Each rule has its shares, each gap its place; a share that is too low ends with 1."""
    write(folder, PASSING)

    result = run("test", "shop", "--coverage", "--min-coverage", "90")

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:5] == [
        "rule        rules  conditions  effects",
        "mark          0/1         0/2      0/1",
        "greeting      1/1         5/6      1/1",
        "short         0/1         0/6      0/2",
        "(default)       -           -      0/1",
    ]
    assert "shop/policy.yaml:28:5: no test matches `short`" in lines
    assert "shop/policy.yaml:29:18: `short`: task in [faq, summarize] is never true and never false" in lines
    assert "error: coverage is" in result.stderr


def test_lcov_is_written_and_printed(folder: Path, run: Run) -> None:
    """The file and `--format lcov` hold the same: rules as functions, conditions as branches."""
    write(folder, PASSING)

    printed = run("test", "shop", "--format", "lcov", "--lcov", "lcov.info", "-q").stdout

    assert Path("lcov.info").read_text() == printed
    lines = printed.splitlines()
    assert lines[:2] == ["TN:policy-engine", "SF:shop/policy.yaml"]
    assert {"FN:22,greeting", "FNDA:2,greeting", "FNF:3", "FNH:1", "BRDA:23,2,0,2", "BRDA:23,2,1,1"} <= set(lines)
    assert lines[-1] == "end_of_record"


def test_missed_changes_come_with_a_case(folder: Path, run: Run) -> None:
    """Each has its place and the text of a case that notices; a score that is too low ends with 1."""
    write(folder, PASSING)

    result = run("test", "shop", "--mutate", "--min-mutation", "100")

    assert result.exit_code == 1
    assert (
        "shop/policy.yaml:24:21: missed `greeting`: another answer\n"
        '  - name: "greeting: another answer"\n'
        "    request: {task: faq, input: hello}\n"
        '    expect: {rule: greeting, plan: {answer: {text: "Hello!"}}}\n'
    ) in result.stdout
    assert "error: the tests notice " in result.stderr


def test_no_changes_are_tried_while_a_test_fails(folder: Path, run: Run) -> None:
    """A change can only be noticed by tests that pass without it."""
    write(folder, FAILING)

    result = run("test", "shop", "--mutate")

    assert result.exit_code == 1
    assert "error: changes were not tried, because a test fails already" in result.stderr
    assert "mutation score" not in result.stdout


def test_a_mistake_in_a_test_file_is_shown_with_its_line(folder: Path, run: Run) -> None:
    """As in policies: the line, the place under it and help; ends with 1."""
    write(folder, PASSING.replace("rule: greeting", "rule: greting"))

    result = run("test", "shop")

    assert result.exit_code == 1
    assert "error[PE601] unknown rule `greting`" in result.stdout
    assert "^^^^^^^ help: did you mean `greeting`?" in result.stdout


def test_policies_that_do_not_load_end_with_3(folder: Path, run: Run) -> None:
    """There is nothing to test in a folder that is broken or missing."""
    write(folder, PASSING, HEAD + RULES.replace("route: fast", "route: fats"))

    assert run("test", "shop").exit_code == 3
    assert run("test", "nowhere").exit_code == 3


def test_without_tests_the_way_to_some_is_shown(folder: Path, run: Run) -> None:
    """No test is no failure, unless something was asked to be covered."""
    (folder / "policy.yaml").write_text(HEAD)

    result = run("test", "shop")

    assert result.exit_code == 0
    assert result.stderr == "there are no tests: write a `*_test.yaml` beside the policies, or `examples` in a rule\n"
    assert run("test", "shop", "--min-coverage", "10").exit_code == 1
