"""Patterns checked where they are written."""

from pathlib import Path

import pytest

from policy_engine.diagnostics import Diagnostic, Severity
from tests.policies_of import built


def test_a_pattern_that_re2_refuses_is_an_error_at_its_place(tmp_path: Path) -> None:
    """Each bad pattern of a list is told where it stands, with a hint."""
    found = _found(tmp_path, "message: {matches: ['a', 'b(?=c)', '(d)\\1']}")

    assert [(one.code, one.severity, one.yaml_path) for one in found] == [
        ("PE401", Severity.ERROR, "$.rules[0].when.message.matches[1]"),
        ("PE401", Severity.ERROR, "$.rules[0].when.message.matches[2]"),
    ]
    assert found[0].message == "`b(?=c)` is not an RE2 regular expression: it has a lookaround"
    assert all(one.help for one in found)


@pytest.mark.parametrize("place", ["message", "input"])
def test_every_text_is_held_to_re2(place: str, tmp_path: Path) -> None:
    """Patterns on messages and inputs are checked alike."""
    found = _found(tmp_path, f"{place}: {{matches: '('}}")

    assert [(one.code, one.yaml_path) for one in found] == [("PE401", f"$.rules[0].when.{place}.matches")]


@pytest.mark.parametrize("place", ["attributes: {tenant", "wants: {model", "session: {model"])
def test_every_value_is_held_to_re2(place: str, tmp_path: Path) -> None:
    """Patterns on attributes, wants and signals are checked alike."""
    found = _found(tmp_path, f"{place}: {{matches: 'a**'}}}}")

    assert [one.code for one in found] == ["PE401"]


def test_an_ascii_class_beside_another_letter_is_a_warning(tmp_path: Path) -> None:
    """`\\b` beside an umlaut points to `contains`, and the bundle is built all the same."""
    result = built(tmp_path, {"case.yaml": _rule(r"message: {matches: '\bärger\b'}")})

    assert [(one.code, one.severity) for one in result.report.diagnostics] == [("PE402", Severity.WARNING)]
    assert "contains" in (result.report.diagnostics[0].help or "")
    assert result.policy_set is not None


@pytest.mark.parametrize("condition", ["message: {contains: [a, %s]}", "attributes: {tenant: {glob: '%s*'}}"])
def test_a_text_too_long_to_search_for_is_an_error(condition: str, tmp_path: Path) -> None:
    """A phrase or a glob of more than 1,000 characters is refused when the bundle is validated."""
    found = _found(tmp_path, condition % ("ä" * 1_001))

    assert [(one.code, one.help) for one in found] == [
        ("PE401", "a phrase or a glob may have 1,000 characters at most")
    ]
    assert _found(tmp_path, condition % ("ä" * 999)) == ()


def test_a_pattern_of_an_unused_condition_and_of_a_gate_is_checked(tmp_path: Path) -> None:
    """What no rule uses, and what an answer must pass, is held to RE2 as well."""
    text = """
        conditions: {unused: {message: {matches: '('}}}
        cascades: {c: {steps: [{route: fast, accept: {output: {matches: ')'}}}, {route: fast}]}}
        rules: [{name: off, enabled: false, when: {message: {matches: '['}}, then: {route: fast}}]
    """
    found = built(tmp_path, {"case.yaml": text}).report.errors

    assert [(one.code, one.yaml_path) for one in found] == [
        ("PE401", "$.conditions.unused.message.matches"),
        ("PE401", "$.cascades.c.steps[0].accept.output.matches"),
        ("PE401", "$.rules[0].when.message.matches"),
    ]


def _rule(condition: str) -> str:
    return f"rules: [{{name: r, when: {{{condition}}}, then: {{route: fast}}}}]"


def _found(folder: Path, condition: str) -> tuple[Diagnostic, ...]:
    return built(folder, {"case.yaml": _rule(condition)}).report.diagnostics
