"""`policy-engine export`, and the options `--state` and `--ledger` of other commands."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from policy_engine.ledger.writer import Writer
from tests.ledger.entries import AT_S, entry

Run = Callable[..., Result]

POLICY = """\
version: 1
tasks: [faq]
providers: {local: {kind: fake, reply: "From nine to five."}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 2000}}}
tiers: [{name: fast, models: [small]}]
budgets: {daily: {amount: $0.02, window: day}}
rules:
  - {name: frugal, when: {budget: {daily: {used: {gte: 50%}}}}, on_unknown: skip, then: {respond: {text: Enough.}}}
default: {route: fast}
"""


@pytest.fixture
def ledger(folder: Path) -> Path:
    """A ledger with two requests, an hour apart."""
    path = folder / "ledger.db"
    with closing(Writer(path, clock=lambda: AT_S)) as writer:
        writer.record(entry("e1"))
        writer.record(entry("e2", at_s=AT_S + 3600))
    return path


@pytest.fixture
def policies(folder: Path) -> None:
    """The bundle `policies` has a budget, and a provider that needs no network."""
    (folder / "policies" / "policy.yaml").write_text(POLICY, encoding="utf-8")


def test_a_ledger_becomes_parquet(run: Run, ledger: Path, folder: Path) -> None:
    """Two files in a folder, one row for each request and each call."""
    import duckdb

    result = run("export", "--ledger", f"sqlite:///{ledger}", "--out", "out")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "2 requests in `out/requests.parquet` and `out/calls.parquet`\n"
    with duckdb.connect() as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM 'out/{name}.parquet'").fetchone()
            for name in ("requests", "calls")
        ]
    assert counts == [(2,), (6,)]


def test_a_ledger_becomes_json_lines(run: Run, ledger: Path, folder: Path) -> None:
    """A line holds a request with its calls, money exact as text."""
    result = run("export", "--ledger", str(ledger), "--format", "jsonl", "--out", "-")
    run("export", "--ledger", str(ledger), "--format", "jsonl", "--out", "deep/calls.jsonl")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["id"], line["cost_usd"], line["attributes"]) for line in lines] == [
        ("e1", "1.1000001234", {"email": "jo@example.org"}),
        ("e2", "1.1000001234", {"email": "jo@example.org"}),
    ]
    assert [(call["model"], call["cost_usd"]) for call in lines[0]["calls"]] == [
        ("mini", "0.0000001234"),
        ("sonnet", "0"),
        ("opus", "1.10"),
    ]
    assert result.stderr == "2 requests in standard output\n"
    assert (folder / "deep" / "calls.jsonl").read_text() == result.stdout


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        (["--since", "2025-11-24T16:30:00Z"], ["e2"]),
        (["--until", "2025-11-24T16:30:00Z"], ["e1"]),
        (["--since", "1h"], []),
        (["--until", "0s"], ["e1", "e2"]),
    ],
)
def test_a_part_is_exported_by_time(run: Run, ledger: Path, bounds: list[str], found: list[str]) -> None:
    """Bounds are moments, or so long before now."""
    result = run("export", "--ledger", str(ledger), "--format", "jsonl", "--out", "-", *bounds)

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == found


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--ledger", "none.db", "--out", "out"], 1, "error: no ledger at `none.db`"),
        (["--ledger", "redis://host", "--out", "out"], 2, "`redis:` is no SQLite file"),
        (["--ledger", "ledger.db", "--out", "-"], 2, "Parquet is written to a folder"),
        (["--ledger", "ledger.db", "--out", "out", "--since", "soon"], 2, "`soon` is neither a duration such as 7d"),
        (["--ledger", "ledger.db", "--out", "ledger.db/out"], 1, "error: `ledger.db/out` cannot be written"),
        (["--out", "out"], 2, "Missing option '--ledger'"),
    ],
)
def test_what_cannot_be_exported_is_said(run: Run, ledger: Path, arguments: list[str], code: int, said: str) -> None:
    """Mistakes end with a sentence and a code."""
    result = run("export", *arguments)

    assert (result.exit_code, said in result.stderr) == (code, True)


@pytest.mark.usefixtures("policies")
def test_complete_counts_and_records(run: Run, folder: Path) -> None:
    """One run knows what another spent, a dry run reads it, and the ledger has all that was carried out."""
    kept = ["--state", "state.db", "--ledger", "sqlite:///ledger.db"]
    ask = ["policies", "--input", "When?"]

    answers = [run("complete", *ask, *kept).stdout for _ in range(3)]
    dry = [
        json.loads(run("dry-run", *ask, "--format", "jsonl", *options).stdout)["rule"]
        for options in ([], ["--state", "sqlite:///state.db"])
    ]
    exported = run("export", "--ledger", "ledger.db", "--format", "jsonl", "--out", "-").stdout.splitlines()

    assert answers == ["From nine to five.\n", "Enough.\n", "Enough.\n"]
    assert dry == [None, "frugal"]
    assert [json.loads(line)["status"] for line in exported] == ["accepted", "answered", "answered"]


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_dry_run_of_many_reads_a_state(run: Run, folder: Path, jobs: str) -> None:
    """Each process opens the state for itself."""
    run("complete", "policies", "--input", "When?", "--state", "state.db")
    before = (folder / "state.db").read_bytes()

    result = run(
        "dry-run",
        "policies",
        "--requests",
        "requests.jsonl",
        "--format",
        "jsonl",
        "--jobs",
        jobs,
        "--state",
        "state.db",
    )

    assert [json.loads(line)["rule"] for line in result.stdout.splitlines()] == ["frugal"] * 4
    assert (folder / "state.db").read_bytes() == before


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_dry_run_into_a_file_reads_a_state(run: Run, folder: Path, jobs: str) -> None:
    """What was spent before holds for every row; nothing is counted, so their order does not matter."""
    run("complete", "policies", "--input", "When?", "--state", "state.db")
    before = (folder / "state.db").read_bytes()
    many = ["dry-run", "policies", "--requests", "requests.jsonl", "--jobs", jobs, "--out", "out.jsonl"]

    result = run(*many, "--state", "state.db")

    rows = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (result.exit_code, [(row["rule"], row["unknown"]) for row in rows]) == (0, [("frugal", [])] * 4)
    assert (folder / "state.db").read_bytes() == before


@pytest.mark.usefixtures("policies")
def test_a_dry_run_makes_no_state(run: Run, folder: Path) -> None:
    """A state that is not there is a mistake, and stays not there."""
    result = run("dry-run", "policies", "--input", "When?", "--state", "sqlite:///none.db")

    assert (result.exit_code, result.stderr) == (1, "error: no state at `none.db`\n")
    assert not (folder / "none.db").exists()


@pytest.mark.usefixtures("policies")
def test_trouble_with_keeping_is_told_and_the_answer_is_given(run: Run, folder: Path) -> None:
    """A ledger of a newer release cannot be written, which hurts no request."""
    with closing(sqlite3.connect(folder / "newer.db")) as newer:
        newer.execute("PRAGMA user_version = 99")

    result = run("complete", "policies", "--input", "When?", "--state", "newer.db", "--ledger", "newer.db")

    assert (result.exit_code, result.stdout) == (0, "From nine to five.\n")
    assert "warning: `budget.daily` is unknown: a newer release wrote it" in result.stderr
    assert "warning: not in the ledger: a newer release wrote it" in result.stderr
