"""Thirty clean bundles, and those that a script has planted one defect in: nothing cries wolf, and each is found."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from policy_engine.cli.program import program
from policy_engine.diagnostics import Diagnostic
from policy_engine.pipeline import analyzed, build
from tests.analyzer.plant import CLEAN, PLANTED, defects, read

TODAY = date(2026, 11, 24)
EXPECTED = json.loads((PLANTED / "expected.json").read_text("utf-8"))
BUNDLES = sorted(path.name for path in CLEAN.iterdir())
SHOWN = ("PE501", "PE502", "PE503", "PE504", "PE507", "PE508", "PE515")
"""Codes about reachability and order: none is told without a request that shows it."""


@cache
def found(folder: Path) -> tuple[Diagnostic, ...]:
    """What validating a bundle tells, analysis included."""
    result = analyzed(build(folder, today=TODAY))
    assert result.policy_set is not None, result.report.errors
    return result.report.diagnostics


def test_there_are_enough_of_both() -> None:
    """Thirty bundles are clean, more than sixty are not, and every kind of finding is among them."""
    assert len(BUNDLES) == 30
    assert len(EXPECTED) > 60
    assert {entry["code"] for entry in EXPECTED.values()} == {f"PE{number}" for number in range(501, 517)}


@pytest.mark.parametrize("name", BUNDLES)
def test_nothing_is_found_in_a_clean_bundle(name: str) -> None:
    """A bundle that says what it means has no findings."""
    assert [diagnostic.headline() for diagnostic in found(CLEAN / name)] == []


@pytest.mark.parametrize("name", EXPECTED)
def test_a_planted_defect_is_found_where_it_is(name: str) -> None:
    """The code that belongs to the defect is told, at the defect or below it."""
    expected = EXPECTED[name]

    places = [(one.code, one.span.path, one.yaml_path) for one in found(PLANTED / name)]

    assert any(
        code == expected["code"]
        and path == (PLANTED / name / expected["path"]).as_posix()
        and f"{place}.".startswith(expected["yaml_path"])
        for code, path, place in places
    ), places


@pytest.mark.parametrize("name", EXPECTED)
def test_a_dry_run_confirms_every_witness(name: str, tmp_path: Path) -> None:
    """What a finding says about its request is what `policy-engine dry-run` says about it."""
    witnesses = [one for one in found(PLANTED / name) if one.witness is not None]
    lines = tmp_path / "witnesses.jsonl"
    lines.write_text("".join(json.dumps(one.witness) + "\n" for one in witnesses), encoding="utf-8")
    if not witnesses:
        assert [one for one in found(PLANTED / name) if one.code in SHOWN] == []
        return

    arguments = ("dry-run", str(PLANTED / name), "--requests", str(lines), "--format", "jsonl", "--trace", "--quiet")
    result = CliRunner().invoke(program, arguments, catch_exceptions=False)

    decisions = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(decisions) == len(witnesses)
    for diagnostic, decision in zip(witnesses, decisions, strict=True):
        assert is_shown(diagnostic, decision), (diagnostic.message, decision)


def is_shown(diagnostic: Diagnostic, decision: dict[str, object]) -> bool:
    """Whether a decision is what the finding claims of its witness."""
    subject, decided = diagnostic.message.split("`")[1], decision["rule"]
    match diagnostic.code:
        case "PE508":
            return decided is None
        case "PE515":
            return decided in diagnostic.message
        case "PE501" | "PE502" | "PE504":
            return decided != subject
        case "PE503":
            return decided in (subject, diagnostic.message.split("`")[3])
        case "PE507":
            return decided == diagnostic.message.split("`")[3]
    return decided != subject


def test_the_planted_bundles_are_what_the_script_plants() -> None:
    """The files and the list beside them are those that `python -m tests.analyzer.plant` writes."""
    made = {name: defect for name, _, defect in defects()}

    assert set(made) == set(EXPECTED)
    assert {name: read(PLANTED / name) for name in made} == {name: defect.files for name, defect in made.items()}
