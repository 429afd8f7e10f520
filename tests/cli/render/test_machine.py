"""Diagnostics for programs."""

import json
from dataclasses import replace

import jsonschema

from policy_engine.cli.render.machine import render_github, render_json, render_jsonl, to_json
from policy_engine.diagnostics import Report, Severity
from policy_engine.model.schemas import read_schema
from tests.cli.render.places import BARE, MISSPELT, REPORT, span

WRITTEN = {
    "code": "PE301",
    "name": "unknown-tier",
    "severity": "error",
    "message": "unknown tier `workhrose`",
    "help": "did you mean `workhorse`?",
    "path": "policies/chat.yaml",
    "yaml_path": "$.rules[2].then.route",
    "start": {"line": 14, "column": 19},
    "end": {"line": 14, "column": 28},
    "related": [
        {
            "path": "policies/models.yaml",
            "start": {"line": 21, "column": 1},
            "end": {"line": 21, "column": 6},
            "message": "tiers are declared here",
        }
    ],
    "witness": None,
}


def test_json_is_one_document_with_a_summary() -> None:
    """Everything that is known about each diagnostic is written, and the bundle in numbers."""
    document = json.loads(render_json(replace(REPORT, diagnostics=(MISSPELT,))))

    assert document == {
        "diagnostics": [WRITTEN],
        "summary": {"errors": 1, "warnings": 0, "files": 4, "rules": 37, "revision": "sha256:ab"},
    }


def test_json_keeps_to_its_schema() -> None:
    """The document is valid by `diagnostics.v1`, with and without diagnostics."""
    schema = read_schema("diagnostics.v1")

    for report in (REPORT, Report()):
        jsonschema.validate(json.loads(render_json(report)), schema)


def test_jsonl_is_one_diagnostic_a_line() -> None:
    """Each line is a document of its own; no diagnostics are no lines."""
    lines = render_jsonl(REPORT).splitlines()

    assert [json.loads(line)["code"] for line in lines] == ["PE501", "PE301"]
    assert json.loads(lines[1]) == WRITTEN
    assert render_jsonl(Report()) == ""


def test_json_leaves_scripts_readable() -> None:
    """Letters of other scripts are written as they are."""
    assert to_json({"Größe": "大"}) == '{"Größe": "大"}'


def test_github_shows_annotations() -> None:
    """Each diagnostic is a workflow command with its place, its code and its help."""
    report = Report(
        diagnostics=(
            MISSPELT,
            replace(BARE, severity=Severity.WARNING),
            replace(BARE, severity=Severity.INFO),
        )
    )
    place = "file=policies/chat.yaml,line=14,col=19,endLine=14,endColumn=28,title=PE301 unknown-tier"

    assert render_github(report).splitlines() == [
        f"::error {place}::unknown tier `workhrose`%0Ahelp: did you mean `workhorse`?",
        f"::warning {place}::unknown tier `workhrose`",
        f"::notice {place}::unknown tier `workhrose`",
    ]


def test_github_commands_are_escaped() -> None:
    """What would end a command or a property is written as GitHub decodes it."""
    odd = replace(BARE, message="100%\r\n::error::", span=span("a,b:c%.yaml", 1, 1, 2))

    assert render_github(Report(diagnostics=(odd,))) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,endLine=1,endColumn=2,title=PE301 unknown-tier"
        "::100%25%0D%0A::error::"
    )
