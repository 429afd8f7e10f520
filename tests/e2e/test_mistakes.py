"""A folder with thirty mistakes: each is told once, at its place, with help, whatever the form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from policy_engine.cli.program import program

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "cases" / "mistakes"
EXPECTED = FOLDER / "expected.json"
SARIF_SCHEMA = ROOT / "tests" / "cli" / "render" / "sarif.schema.json"  # the part of the standard that is written
HEADLINE = re.compile(r"^(\S+):(\d+):(\d+): (error|warning)\[(PE\d{3})\] (.+)$", re.MULTILINE)
ANNOTATION = re.compile(
    r"::(\w+) file=(.*),line=(\d+),col=(\d+),endLine=\d+,endColumn=\d+,title=(PE\d{3}) [\w-]+::(.*)"
)

Validate = Callable[[str], Result]


@pytest.fixture
def validate(monkeypatch: pytest.MonkeyPatch) -> Validate:
    """Runs `policy-engine validate` on the folder, in one of its forms."""
    monkeypatch.chdir(FOLDER)

    def run(form: str) -> Result:
        arguments = ["validate", "policies", "--env", "staging", "--format", form]
        return CliRunner().invoke(program, arguments, catch_exceptions=False)

    return run


def expected() -> list[dict[str, Any]]:
    """The mistakes as they should be told, in their order."""
    mistakes: list[dict[str, Any]] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return mistakes


def told(diagnostic: dict[str, Any]) -> dict[str, Any]:
    """What a reader sees of a diagnostic in JSON."""
    return {
        "code": diagnostic["code"],
        "severity": diagnostic["severity"],
        "path": diagnostic["path"],
        **diagnostic["start"],
        "message": diagnostic["message"],
        "help": diagnostic["help"],
    }


def test_thirty_mistakes_are_told_each_once_at_its_place(validate: Validate, update_cases: bool) -> None:
    """Four files with thirty mistakes give thirty diagnostics, and the command ends with 1."""
    result = validate("json")
    found = [told(diagnostic) for diagnostic in json.loads(result.stdout)["diagnostics"]]
    if update_cases:
        EXPECTED.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    assert found == expected()
    assert result.exit_code == 1


def test_the_list_has_thirty_places_each_with_help_in_order() -> None:
    """No two mistakes are told at one place, none without help; they are sorted by file, line and column."""
    places = [(mistake["path"], mistake["line"], mistake["column"]) for mistake in expected()]

    assert len(set(places)) == 30
    assert places == sorted(places)
    assert all(mistake["help"] for mistake in expected())


def test_json_follows_its_schema_and_counts(validate: Validate) -> None:
    """The document is valid by `diagnostics.v1`; the summary counts files, rules and mistakes."""
    document = json.loads(validate("json").stdout)

    jsonschema.validate(document, json.loads((ROOT / "schemas" / "diagnostics.v1.json").read_text(encoding="utf-8")))
    assert document["summary"] == {"errors": 29, "warnings": 1, "files": 4, "rules": 8, "revision": None}


def test_json_lines_hold_the_same_diagnostics(validate: Validate) -> None:
    """Each line is one item of the JSON document."""
    lines = [json.loads(line) for line in validate("jsonl").stdout.splitlines()]

    assert lines == json.loads(validate("json").stdout)["diagnostics"]


def test_text_holds_the_same_diagnostics(validate: Validate) -> None:
    """Each headline has place, severity, code and message; help stands below it."""
    text = validate("text").stdout
    pieces = HEADLINE.split(text)[1:]
    fields = [pieces[start : start + 7] for start in range(0, len(pieces), 7)]

    assert [
        {
            "code": code,
            "severity": severity,
            "path": path,
            "line": int(line),
            "column": int(column),
            "message": message,
            "help": body.partition("help: ")[2].splitlines()[0],
        }
        for path, line, column, severity, code, message, body in fields
    ] == expected()


def test_annotations_hold_the_same_diagnostics(validate: Validate) -> None:
    """Each workflow command has place, severity, code, message and help."""
    found = []
    for line in validate("github").stdout.splitlines():
        match = ANNOTATION.fullmatch(line)
        assert match is not None
        severity, path, number, column, code, words = match.groups()
        message, _, help = words.replace("%25", "%").partition("%0Ahelp: ")
        place = {"path": path, "line": int(number), "column": int(column)}
        found.append({"code": code, "severity": severity, **place, "message": message, "help": help})

    assert found == expected()


def test_sarif_holds_the_same_diagnostics(validate: Validate) -> None:
    """The log is valid SARIF; each result has place, level, code, message and help, and its rule has a manual page."""
    log = json.loads(validate("sarif").stdout)
    (run,) = log["runs"]

    jsonschema.validate(log, json.loads(SARIF_SCHEMA.read_text(encoding="utf-8")))
    assert [_told_by_sarif(result) for result in run["results"]] == expected()
    assert all(rule["help"]["text"] for rule in run["tool"]["driver"]["rules"])


def _told_by_sarif(result: dict[str, Any]) -> dict[str, Any]:
    place = result["locations"][0]["physicalLocation"]
    message, _, help = result["message"]["text"].partition("\nhelp: ")
    return {
        "code": result["ruleId"],
        "severity": result["level"],
        "path": place["artifactLocation"]["uri"],
        "line": place["region"]["startLine"],
        "column": place["region"]["startColumn"],
        "message": message,
        "help": help,
    }
