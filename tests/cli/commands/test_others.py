"""The commands that mostly print: `explain`, `schema`, `init`, `completion`, `graph`, `bench`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from policy_engine.model.schemas import read_schema, schema_names

Run = Callable[..., Result]


def test_explain_shows_the_page_of_a_code_or_a_name(run: Run) -> None:
    """Code and name lead to the same page: title, sentence, what to avoid, what to prefer and why."""
    by_code, by_name = run("explain", "pe301"), run("explain", "unknown-tier")

    assert by_code.stdout == by_name.stdout
    assert by_code.stdout.startswith("PE301 unknown-tier\n\n")
    assert all(f"\n{heading}:\n" in by_code.stdout for heading in ("Avoid", "Prefer", "Why"))


def test_explain_lists_all_codes(run: Run) -> None:
    """Without a code there is a table of them all; as JSON, all pages."""
    lines = run("explain").stdout.splitlines()
    pages = json.loads(run("explain", "--format", "json").stdout)

    assert lines[0].split() == ["code", "name", "means"]
    assert [line.split()[0] for line in lines[1:]] == [page["code"] for page in pages]
    assert set(pages[0]) == {"code", "name", "summary", "text"}


def test_explain_of_an_unknown_code_offers_the_closest(run: Run) -> None:
    """A misspelt name is wrong usage and answered with the one that was probably meant."""
    result = run("explain", "unknown-teir")

    assert "no diagnostic is called `unknown-teir`; did you mean `unknown-tier`?" in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_schema_prints_a_schema(run: Run) -> None:
    """With or without its version; without a name all names are printed."""
    assert json.loads(run("schema", "policy").stdout) == read_schema("policy.v1")
    assert json.loads(run("schema", "decision.v1").stdout) == read_schema("decision.v1")
    assert run("schema").stdout.splitlines() == list(schema_names())


def test_an_unknown_schema_is_wrong_usage(run: Run) -> None:
    """The names that there are, and the closest of them, are told."""
    result = run("schema", "polcy")

    assert "no schema is called `polcy`; there are " in result.stderr
    assert "did you mean `policy`?" in result.stderr
    assert result.exit_code == 2


def test_init_writes_a_bundle_that_validates(folder: Path, run: Run) -> None:
    """What was written is printed; it validates and its requests can be dry-run at once."""
    result = run("init", "fresh")

    assert result.stdout.splitlines() == ["fresh/policy.yaml", "fresh/policy_test.yaml", "fresh/requests.jsonl"]
    assert "policy-engine validate fresh" in result.stderr
    assert run("validate", "fresh", "--fail-on", "warning").exit_code == 0
    assert run("dry-run", "fresh", "--requests", "fresh/requests.jsonl").exit_code == 0


def test_init_never_overwrites(folder: Path, run: Run) -> None:
    """A file that is there already is kept, and the command fails; `policies` is the folder if none is named."""
    result = run("init")

    assert result.stderr.startswith("error: `policies/policy.yaml` exists already and is not overwritten")
    assert result.exit_code == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run: Run, shell: str) -> None:
    """The script asks the program itself, by the variable that it listens to."""
    script = run("completion", shell).stdout

    assert f"_POLICY_ENGINE_COMPLETE={shell}_complete" in script
    assert "policy-engine" in script


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("mermaid", 'flowchart LR\n  rule1("1 mark")\n'),
        ("dot", "digraph policies {\n"),
        ("svg", '<svg xmlns="http://www.w3.org/2000/svg"'),
        ("json", '{\n  "revision": "sha256:'),
    ],
)
def test_graph_draws_in_each_format(folder: Path, run: Run, form: str, start: str) -> None:
    """The drawing is data, and Mermaid is what is drawn if nothing is said."""
    result = run("graph", "policies", "--format", form)

    assert result.stdout.startswith(start)
    assert (result.exit_code, result.stderr) == (0, "")
    assert run("graph", "policies").stdout == run("graph", "policies", "--format", "mermaid").stdout


def test_graph_tells_the_plan(folder: Path, run: Run) -> None:
    """`--plan` is the order of a decision, as text; as JSON, the plan is part of the data."""
    assert run("graph", "policies", "--plan").stdout.startswith("4 rules, 6 different tests, 0 of them shared\n\n1  ")
    assert "cells" in json.loads(run("graph", "policies", "--plan", "--format", "json").stdout)


CASCADE = """
version: 1
providers: {local: {kind: fake}}
models:
  small: {provider: local, model: s, price: {input: 1, output: 2}}
  large: {provider: local, model: l, price: {input: 10, output: 20}}
cascades: {careful: {steps: [{route: small, accept: {output: {json: true}}}, {route: large}]}}
default: {cascade: careful}
"""


def test_graph_tells_when_cascades_pay(folder: Path, run: Run) -> None:
    """The plan ends with the break-even of each step, computed from prices; as JSON it is part of the data."""
    (folder / "cascade").mkdir()
    (folder / "cascade" / "policy.yaml").write_text(CASCADE, encoding="utf-8")

    plan = run("graph", "cascade", "--plan").stdout
    data = json.loads(run("graph", "cascade", "--format", "json").stdout)

    assert plan.endswith("   careful     1  small  large   -               90.0%      -\n")
    assert [(pair["cascade"], pair["rate"]) for pair in data["break_even"]] == [("careful", pytest.approx(0.9))]


def test_graph_of_policies_with_errors_ends_with_three(break_policy: Callable[[], None], run: Run) -> None:
    """There is no graph of what cannot be compiled."""
    break_policy()

    assert run("graph", "policies").exit_code == 3


def test_bench_measures(folder: Path, run: Run) -> None:
    """It tells decisions per second, how long one takes, and what was decided."""
    text = run("bench", "policies", "--requests", "requests.jsonl", "--seconds", "0.1")
    written = json.loads(
        run("bench", "policies", "--requests", "requests.jsonl", "--seconds", "0.1", "--format", "json").stdout
    )

    assert [line.split()[0] for line in text.stdout.splitlines()] == [
        "decisions",
        "one",
        "effects",
        "policies",
        "machine",
    ]
    assert (written["requests"], written["rules"]) == (4, 4)
    assert written["effects"] == {"route": 0.5, "respond": 0.25, "deny": 0.25}
    assert written["per_second"] > 0


def test_bench_needs_requests(folder: Path, run: Run) -> None:
    """Without one, or with a line that is none, there is nothing to measure."""
    empty = run("bench", "policies", "--requests", "-", stdin="\n")
    broken = run("bench", "policies", "--requests", "-", stdin="{}\n{oops\n")

    assert (empty.exit_code, empty.stderr) == (1, "error: there are no requests to decide\n")
    assert broken.stderr.startswith("error: line 2 is no request: not JSON")
