"""Diagnostics as SARIF."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from policy_engine.cli.manual import Page
from policy_engine.cli.render.sarif import render_sarif, sarif_log
from policy_engine.diagnostics import Report
from tests.cli.render.places import BARE, MISSPELT, REPORT, span

MANUAL = {
    "PE301": Page(code="PE301", name="unknown-tier", summary="a tier is not declared.", text="a tier …\n\nAvoid:\n")
}
SCHEMA = json.loads((Path(__file__).parent / "sarif.schema.json").read_text(encoding="utf-8"))


def log(report: Report) -> dict[str, Any]:
    """The log of a report."""
    return sarif_log(report, manual=MANUAL, version="1.2.3")


def test_a_log_names_the_tool_its_rules_and_the_revision() -> None:
    """Codes that occur are the rules, with what the manual says of them; positions count code points."""
    (run,) = log(REPORT)["runs"]

    assert run["tool"]["driver"] == {
        "name": "policy-engine",
        "version": "1.2.3",
        "rules": [
            {
                "id": "PE301",
                "name": "UnknownTier",
                "shortDescription": {"text": "a tier is not declared."},
                "help": {"text": "a tier …\n\nAvoid:\n"},
            },
            {"id": "PE501", "name": "ShadowedRule"},
        ],
    }
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["properties"] == {"revision": "sha256:ab"}


def test_a_result_has_its_place_and_related_places() -> None:
    """A diagnostic is a result: level, message with help, region, YAML path and related places."""
    region = {"startLine": 14, "startColumn": 19, "endLine": 14, "endColumn": 28}

    assert log(replace(REPORT, diagnostics=(MISSPELT,)))["runs"][0]["results"] == [
        {
            "ruleId": "PE301",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": "unknown tier `workhrose`\nhelp: did you mean `workhorse`?"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "policies/chat.yaml", "uriBaseId": "%SRCROOT%"},
                        "region": region,
                    },
                    "logicalLocations": [{"fullyQualifiedName": "$.rules[2].then.route"}],
                }
            ],
            "relatedLocations": [
                {
                    "id": 1,
                    "physicalLocation": {
                        "artifactLocation": {"uri": "policies/models.yaml", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 21, "startColumn": 1, "endLine": 21, "endColumn": 6},
                    },
                    "message": {"text": "tiers are declared here"},
                }
            ],
        }
    ]


def test_paths_are_written_as_uris() -> None:
    """Odd characters are escaped, and an absolute path needs no root."""
    report = Report(diagnostics=(replace(BARE, span=span("/a b/ö.yaml", 1, 1, 2)),))

    (result,) = log(report)["runs"][0]["results"]

    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///a%20b/%C3%B6.yaml"}


def test_a_log_is_valid_by_the_part_of_the_standard_that_is_used() -> None:
    """Logs with and without results have the shape that SARIF 2.1.0 asks for."""
    for report in (REPORT, Report()):
        jsonschema.validate(json.loads(render_sarif(report, manual=MANUAL, version="1")), SCHEMA)
