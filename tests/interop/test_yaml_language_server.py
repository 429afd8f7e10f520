"""Editors with the YAML language server complete, explain and check policy files by our schema."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy_engine.model.schemas import read_schema
from tests.interop.language_server import LanguageServer, running

TOP = Path(__file__).parent.parent.parent
SCHEMA = read_schema("policy")
MODELINE = f"# yaml-language-server: $schema={(TOP / 'schemas' / 'policy.v1.json').as_uri()}\n"
SETTINGS = {"yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}}

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("yaml-language-server")]


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    """The YAML language server: `YAML_LANGUAGE_SERVER`, or what `make interop` installs. CI must have one."""
    installed = TOP / ".interop" / "node_modules" / ".bin" / "yaml-language-server"
    program = shutil.which(os.environ.get("YAML_LANGUAGE_SERVER", str(installed)))
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("no YAML language server: run `make interop`, or set YAML_LANGUAGE_SERVER")
    assert program is not None, "CI runs this with a YAML language server: `make interop` installs it"
    with running([program, "--stdio"], SETTINGS) as started:
        yield started


@pytest.mark.parametrize(
    ("written", "definition"),
    [
        ("rules:\n  - ", "rule"),
        ("rules:\n  - name: a\n    when:\n      ", "condition"),
        ("rules:\n  - name: a\n    then:\n      ", "effects"),
        ("cascades:\n  c:\n    steps:\n      - accept:\n          ", "gate"),
        ("models:\n  m:\n    ", "model"),
        ("when:\n  input:\n    tokens:\n      ", "countRange"),
    ],
)
def test_keys_are_completed(server: LanguageServer, written: str, definition: str) -> None:
    """Where a mapping begins, all of its keys are offered and those that stand there already are not."""
    known = set(SCHEMA["definitions"][definition]["properties"])

    offered = _completions(server, f"{definition}.yaml", written)

    assert known - {"name"} <= offered
    assert "version" not in offered


def test_values_are_completed(server: LanguageServer) -> None:
    """Where one of a few words is wanted, they are offered."""
    offered = _completions(server, "values.yaml", "rules:\n  - name: a\n    on_unknown: ")

    assert {"skip", "match", "default"} <= offered


def test_sections_are_completed(server: LanguageServer) -> None:
    """At the top of a file its sections are offered."""
    assert set(SCHEMA["properties"]) <= _completions(server, "sections.yaml", "")


def test_a_key_is_explained(server: LanguageServer) -> None:
    """Over a key the editor shows what the schema says about it."""
    server.open("hover.yaml", MODELINE + "rules:\n  - name: a\n    on_unknown: skip\n")

    shown = server.ask("hover", "hover.yaml", line=3, character=6)

    assert "What happens when the condition is unknown" in shown["contents"]["value"]
    assert "The rule does not match." in shown["contents"]["value"]


def test_the_whole_language_has_no_complaints(server: LanguageServer) -> None:
    """A file that uses every section is clean in the editor too."""
    language = TOP / "tests" / "validator" / "cases" / "language.yaml"
    text = language.read_text(encoding="utf-8").partition("\n")[2]

    assert server.open("language.yaml", MODELINE + text) == []


@pytest.mark.parametrize(
    ("written", "message", "line"),
    [
        ("rules:\n  - name: a\n    wehn: {task: b}\n    then: {route: a}\n", "Property wehn is not allowed.", 3),
        ("caches:\n  c:\n    kind: semantc\n", 'Value is not accepted. Valid values: "exact", "semantic".', 3),
        (
            "when:\n  cache:\n    c:\n      similarity: 0.95\n",
            'Incorrect type. Expected "an operator, as in {gte: 0.95}".',
            4,
        ),
        ("rules:\n  - name: a\n", 'Missing property "then".', 2),
    ],
)
def test_a_mistake_is_marked_once(server: LanguageServer, written: str, message: str, line: int) -> None:
    """One mistake gives one mark in the editor, on the line where it is."""
    found = server.open(f"mistake-{line}-{len(written)}.yaml", MODELINE + written)

    assert [(mark["message"], mark["range"]["start"]["line"]) for mark in found] == [(message, line)]


def _completions(server: LanguageServer, name: str, written: str) -> set[str]:
    """What is offered at the end of a document."""
    lines = (MODELINE + written).split("\n")
    server.open(name, "\n".join(lines))
    offered = server.ask("completion", name, line=len(lines) - 1, character=len(lines[-1]))
    return {item["label"] for item in offered["items"]}
