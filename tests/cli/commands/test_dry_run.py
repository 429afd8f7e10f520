"""`policy-engine dry-run`."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result

from policy_engine.model.schemas import read_schema

Run = Callable[..., Result]


def test_few_requests_are_listed_and_summed_up(folder: Path, run: Run) -> None:
    """A table of decisions, then where they went and what that costs beside `default` alone."""
    result = run("dry-run", "policies", "--requests", "requests.jsonl")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "id  task       decision  rule       tier      model  est. cost  notes\n"
        "r1  faq        respond   greeting   -         -             $0  unknown: attributes.plan\n"
        "r2  faq        route     short      fast      mini    $0.00020  unknown: attributes.plan\n"
        "r3  summarize  route     (default)  frontier  big     $0.00522  unknown: attributes.plan\n"
        "r4  -          deny      blocked    -         -             $0  unknown: task\n"
        "\n"
        "by rule    requests  share  est. cost  by default\n"
        "(default)         1  25.0%  $0.005220   $0.005220\n"
        "blocked           1  25.0%         $0   $0.005170\n"
        "greeting          1  25.0%         $0   $0.005150\n"
        "short             1  25.0%  $0.000204   $0.005160\n"
        "\n"
        "by tier     requests  share  est. cost  by default\n"
        "(no model)         2  50.0%         $0    $0.01032\n"
        "fast               1  25.0%   $0.00020    $0.00516\n"
        "frontier           1  25.0%   $0.00522    $0.00522\n"
        "\n"
        "by model    requests  share  est. cost  by default\n"
        "(no model)         2  50.0%         $0    $0.01032\n"
        "big                1  25.0%   $0.00522    $0.00522\n"
        "mini               1  25.0%   $0.00020    $0.00516\n"
        "\n"
        "requests    4: route 2, deny 1, respond 1\n"
        "estimated   $0.00542 for the first calls; $0.02070 if `default` decided them all: 73.8% saved\n"
        "unknown     attributes.plan 3, task 1\n"
    )


def test_many_requests_are_only_summed_up(folder: Path, run: Run) -> None:
    """Beyond fifty nobody reads a list; what was not used at all is told."""
    lines = "".join(f'{{"id": "{n}", "task": "faq", "input": "hello"}}\n' for n in range(51))

    result = run("dry-run", "policies", "--requests", "-", stdin=lines)

    assert result.stdout.startswith("by rule   requests   share  est. cost  by default\ngreeting        51  100.0%")
    assert "idle        2 rules decided nothing: short, blocked\n" in result.stdout


def test_jsonl_is_one_decision_a_line_in_order(folder: Path, run: Run) -> None:
    """Each line is a decision as `decision.v1` has it, with its estimate; the sum is talk, not data."""
    result = run("dry-run", "policies", "--requests", "requests.jsonl", "--format", "jsonl")

    decisions = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["id"] for one in decisions] == ["r1", "r2", "r3", "r4"]
    for decision in decisions:
        jsonschema.validate(decision, read_schema("decision"))
    assert decisions[1]["estimate"] == {"cost_usd": 0.000204, "latency_ms": 400.0}
    assert "trace" not in decisions[1]
    assert result.stderr.startswith("4 requests: route 2, deny 1, respond 1; estimated $0.00542")


def test_json_is_one_document(folder: Path, run: Run) -> None:
    """Decisions, lines that are no requests and the sums stand in one document, also for no requests at all."""
    written = json.loads(run("dry-run", "policies", "--requests", "requests.jsonl", "--format", "json").stdout)
    empty = json.loads(run("dry-run", "policies", "--requests", "-", "--format", "json", stdin="").stdout)

    assert [one["rule"] for one in written["decisions"]] == ["greeting", "short", None, "blocked"]
    assert (written["malformed"], written["summary"]["requests"]) == ([], 4)
    assert written["summary"]["idle_rules"] == []
    assert (empty["decisions"], empty["summary"]["requests"]) == ([], 0)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_line_that_is_no_request_is_told_and_nothing_is_lost(folder: Path, run: Run, jobs: str) -> None:
    """The others are decided, the complaint has its line and column, and the exit code is 1."""
    lines = b'{"id": "a", "task": "faq", "input": "hello"}\n{oops\n\n{"who": 1}\n\xff\n{"id": "z", "input": "secret"}\n'

    result = run("dry-run", "policies", "--requests", "-", "--format", "jsonl", "--quiet", "--jobs", jobs, stdin=lines)

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["a", "z"]
    first, second, third, last = result.stderr.splitlines()
    assert first == "error: <stdin>:2:2: not JSON: expecting property name enclosed in double quotes"
    assert second.startswith("error: <stdin>:4: unknown field `who` in a request; known are ")
    assert third == "error: <stdin>:5:1: not UTF-8"
    assert last == "3 lines of `<stdin>` could not be decided"
    assert result.exit_code == 1


def test_one_request_is_described_by_options(folder: Path, run: Run) -> None:
    """Task, message and attributes make a request, whose decision is shown as a card."""
    result = run("dry-run", "policies", "--task", "faq", "--input", "when?", "--attribute", "plan=free")

    assert result.stdout == (
        "decision  route\n"
        "rule      short\n"
        "model     mini (tier fast)\n"
        'params    {"max_tokens": 100}\n'
        "tags      free\n"
        "estimate  $0.00020, 400 ms\n"
    )


def test_one_request_can_be_traced(folder: Path, run: Run) -> None:
    """With `--trace` the reasons follow; as JSON they are part of the decision."""
    text = run("dry-run", "policies", "--task", "faq", "--input", "when?", "--trace").stdout
    written = json.loads(run("dry-run", "policies", "--task", "faq", "--trace", "--format", "json").stdout)

    assert text.endswith(
        "\n\nroute by short → mini\n"
        "  mark      unknown   attributes.plan == free\n"
        "  greeting  no match  message contains [hello]\n"
        "  short     match     task in [faq, summarize] (it is faq); message.chars <= 20 (it is 5)\n"
    )
    assert [rule["rule"] for rule in written["trace"]] == ["mark", "greeting", "short", "blocked"]


def test_the_message_can_come_from_a_file(folder: Path, run: Run) -> None:
    """A long message is read from a file, or from standard input."""
    (folder / "message.txt").write_text("hello from a file", encoding="utf-8")

    for source in ("message.txt", "-"):
        result = run("dry-run", "policies", "--task", "faq", "--message-file", source, stdin="hello from a pipe")
        assert result.stdout.startswith("decision  respond with text Hello!\nrule      greeting\n")


def test_a_message_that_is_no_text_fails(folder: Path, run: Run) -> None:
    """What is not UTF-8 is told and not guessed at."""
    (folder / "message.txt").write_bytes(b"\xff")

    result = run("dry-run", "policies", "--message-file", "message.txt")

    assert (result.exit_code, result.stderr) == (1, "error: the message in `message.txt` is not UTF-8\n")


def test_traces_of_many_requests_come_one_after_the_other(folder: Path, run: Run) -> None:
    """Each request has its block, and the sums follow."""
    blocks = run("dry-run", "policies", "--requests", "requests.jsonl", "--trace").stdout.split("\n\n")

    assert [block.splitlines()[0] for block in blocks[:4]] == [
        "r1: respond by greeting",
        "r2: route by short → mini",
        "r3: route by (default) → big",
        "r4: deny by blocked",
    ]
    assert blocks[4].startswith("by rule")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give either --requests, or a request by --task, --input and --attribute"),
        (("--requests", "requests.jsonl", "--task", "faq"), "give either --requests, or a request by"),
        (("--input", "a", "--message-file", "requests.jsonl"), "--input and --message-file both give the message"),
        (("--requests", "nowhere.jsonl"), "File 'nowhere.jsonl' does not exist"),
        (("--attribute", "plan"), "`plan` is not written as `NAME=VALUE`"),
        (("--attribute", "paln=pro"), "no attribute `paln` is declared; there are `plan`,"),
        (("--requests", "requests.jsonl", "--jobs", "0"), "'--jobs'"),
    ],
)
def test_wrong_usage_ends_with_two(folder: Path, run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    """What was asked for cannot be done as it was asked; says why."""
    result = run("dry-run", "policies", *arguments)

    assert complaint in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")


def test_policies_with_errors_end_with_three(break_policy: Callable[[], None], run: Run) -> None:
    """Nothing is decided, and the errors are shown aside from the data."""
    break_policy()

    result = run("dry-run", "policies", "--requests", "requests.jsonl", "--format", "jsonl")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("policies/policy.yaml:25:19: error[PE301] unknown tier `fsat`\n")
    assert result.stderr.endswith("\n\n1 error, 0 warnings in 1 file, 4 rules: nothing to work with\n")


def test_a_folder_that_is_not_there_ends_with_three(folder: Path, run: Run) -> None:
    """The reason names the folder and what to do."""
    result = run("dry-run", "nowhere", "--task", "faq")

    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "error: no policy folder at `nowhere`; create one with `policy-engine init nowhere`\n"


def test_decisions_go_to_a_file_a_row_each(folder: Path, run: Run) -> None:
    """Standard output has where they went; the rows are in the order of the requests."""
    result = run("dry-run", "policies", "--requests", "requests.jsonl", "--out", "out.jsonl")

    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (result.exit_code, result.stderr) == (0, "4 rows in `out.jsonl`\n")
    assert result.stdout.startswith("by rule    requests  share  est. cost  by default\n(default)         1  25.0%")
    assert [(row["id"], row["rule"], row["estimate_usd"]) for row in rows] == [
        ("r1", "greeting", 0.0),
        ("r2", "short", 0.000204),
        ("r3", None, 0.00522),
        ("r4", "blocked", 0.0),
    ]


def test_a_parquet_file_is_decided_like_lines(folder: Path, run: Run) -> None:
    """With a file of decisions or without; rows that are no requests end it with 1."""
    import duckdb

    duckdb.sql("SELECT * FROM read_json('requests.jsonl')").write_parquet("requests.parquet")

    lines = run("dry-run", "policies", "--requests", "requests.jsonl", "--format", "jsonl")
    rows = run("dry-run", "policies", "--requests", "requests.parquet", "--format", "jsonl")
    (folder / "bad.jsonl").write_text('{"tusk": 1}\n', encoding="utf-8")
    bad = run("dry-run", "policies", "--requests", "bad.jsonl", "--out", "out.parquet")

    assert rows.stdout == lines.stdout
    assert (bad.exit_code, "1 line of `bad.jsonl` could not be decided" in bad.stderr) == (1, True)


@pytest.mark.parametrize(
    "options",
    [
        ("--requests", "requests.jsonl", "--resume"),
        ("--requests", "requests.jsonl", "--out", "o.jsonl", "--trace"),
        ("--requests", "-", "--out", "o.jsonl"),
        ("--task", "faq", "--out", "o.jsonl"),
    ],
)
def test_a_file_of_decisions_needs_a_file_of_requests(options: tuple[str, ...], folder: Path, run: Run) -> None:
    """Wrong usage ends with 2."""
    assert run("dry-run", "policies", *options, stdin="").exit_code == 2
