"""Results of tests: for people, for programs, for GitHub, and as JUnit's XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.coverage import coverage_json, render_coverage
from policy_engine.cli.render.decisions import render_trace
from policy_engine.cli.render.lcov import render_lcov
from policy_engine.cli.render.machine import render_github, report_json, to_json
from policy_engine.cli.render.mutation import mutation_json, render_mutation
from policy_engine.cli.render.style import PLAIN, SEVERITY_INK, Ink, Style
from policy_engine.cli.render.text import Page, counted, place_of, render_diagnostic
from policy_engine.cli.testing import Proof
from policy_engine.diagnostics import Severity, Span
from policy_engine.loader.lines import Lines
from policy_engine.pipeline import BuildResult
from policy_engine.verify.report import reasons, shown
from policy_engine.verify.run import Status, TestResult
from policy_engine.verify.suite import Case

_WORDS = {Status.FAILED: "FAILED", Status.TODO: "todo", Status.PASSING_TODO: "todo, passes"}
_INKS = {Status.FAILED: Ink.RED, Status.TODO: Ink.YELLOW, Status.PASSING_TODO: Ink.YELLOW}


def render_text(proof: Proof, built: BuildResult, *, style: Style = PLAIN, width: int | None = None) -> str:
    """Mistakes in tests, each test that did not simply pass, then coverage and changes where they were asked for."""
    page = Page(style=style, width=width, sources={path: Lines(text) for path, text in proof.report.sources.items()})
    parts = [render_diagnostic(one, page) for one in proof.result.suite.diagnostics]
    places = _places(proof, built)
    parts += [
        _result(one, place, style)
        for one, place in zip(proof.result.results, places, strict=True)
        if one.status is not Status.PASSED
    ]
    if proof.coverage is not None:
        parts.append(render_coverage(proof.coverage, built.bundle, style=style, width=width))
    if proof.mutation is not None:
        parts.append(render_mutation(proof.mutation, built.bundle, style=style))
    return "\n\n".join(parts)


def summary_line(proof: Proof) -> str:
    """How many tests passed, failed and wait: `41 tests passed, 1 failed`."""
    result = proof.result
    total = len(result.results)
    if not total and not proof.report.diagnostics:
        return "there are no tests: write a `*_test.yaml` beside the policies, or `examples` in a rule"
    passed = len(result.having(Status.PASSED, Status.PASSING_TODO))
    said = [f"{counted(passed, 'test')} passed", f"{len(result.failed)} failed"]
    waiting = len(result.having(Status.TODO))
    said += [f"{waiting} to do"] if waiting else []
    mistakes = len(result.suite.errors)
    said += [f"{counted(mistakes, 'mistake')} in test files"] if mistakes else []
    return ", ".join(said)


def _places(proof: Proof, built: BuildResult) -> tuple[Span, ...]:
    from policy_engine.verify.load import spans_in

    return spans_in(proof.result.suite, built.bundle, [one.test.address for one in proof.result.results])


def _result(result: TestResult, place: Span, style: Style) -> str:
    word = style.paint(_WORDS[result.status], _INKS[result.status])
    lines = [f"{style.paint(place_of(place), Ink.BOLD)}: {word} {visible(result.test.name)}"]
    if isinstance(result.test, Case) and result.test.todo is not None:
        lines.append(f"  todo: {visible(result.test.todo)}")
    lines += _diff(result, style)
    lines += [f"  {visible(reason)}" for reason in reasons(result)]
    if result.status is Status.FAILED and result.decision is not None:
        trace = render_trace(result.decision, style=style)
        lines += ["", *(f"  {line}" for line in trace.splitlines())]
    return "\n".join(lines)


def _diff(result: TestResult, style: Style) -> Iterator[str]:
    wide = max((len(one.place) for one in result.differences), default=0)
    for one in result.differences:
        name = visible(one.place).ljust(wide)
        expected = style.paint(f"- {visible(shown(one.expected))}", SEVERITY_INK[Severity.ERROR])
        yield f"  {name}  {expected}"
        yield f"  {' ' * wide}  {style.paint(f'+ {visible(shown(one.actual))}', Ink.GREEN)}"


def proof_json(proof: Proof, built: BuildResult) -> dict[str, Any]:
    """Everything that was found out, as data."""
    written: dict[str, Any] = {
        "tests": [
            result_json(one, place) for one, place in zip(proof.result.results, _places(proof, built), strict=True)
        ],
        **report_json(proof.report),
    }
    written["summary"] |= {
        "tests": len(proof.result.results),
        **{str(status): len(proof.result.having(status)) for status in Status},
    }
    if proof.coverage is not None:
        written["coverage"] = coverage_json(proof.coverage, built.bundle)
    if proof.mutation is not None:
        written["mutation"] = mutation_json(proof.mutation, built.bundle)
    return written


def result_json(result: TestResult, place: Span) -> dict[str, Any]:
    """One test as data; its decision and trace where it failed."""
    is_case = isinstance(result.test, Case)
    written: dict[str, Any] = {
        "name": result.test.name,
        "kind": "case" if is_case else "example",
        "status": str(result.status),
        "path": place.path,
        "line": place.start.line,
        "column": place.start.column,
    }
    if result.differences:
        written["differences"] = [
            {"place": one.place, "expected": one.expected, "actual": one.actual} for one in result.differences
        ]
        written["reasons"] = list(reasons(result))
        written["decision"] = None if result.decision is None else result.decision.to_json()
    return written


def _json(proof: Proof, built: BuildResult) -> str:
    return to_json(proof_json(proof, built), indent=2)


def _jsonl(proof: Proof, built: BuildResult) -> str:
    places = _places(proof, built)
    return "\n".join(to_json(result_json(one, place)) for one, place in zip(proof.result.results, places, strict=True))


def _github(proof: Proof, built: BuildResult) -> str:  # noqa: ARG001  (all forms are called alike)
    return render_github(proof.report)


def _lcov(proof: Proof, built: BuildResult) -> str:
    assert proof.coverage is not None  # the command asks for it
    return render_lcov(proof.coverage, built.bundle)


def render_junit(proof: Proof, built: BuildResult) -> str:
    """JUnit's XML: a suite for each file; a `todo` is skipped, a mistake in a test file an error."""
    by_file: dict[str, list[str]] = {}
    counts: dict[str, list[int]] = {}
    for one, place in zip(proof.result.results, _places(proof, built), strict=True):
        by_file.setdefault(place.path, []).append(_testcase(one, place))
        count = counts.setdefault(place.path, [0, 0, 0, 0])
        count[0] += 1
        count[1] += one.status is Status.FAILED
        count[3] += one.status is Status.TODO
    for found in proof.result.suite.errors:
        text = f"{found.headline()}\n{found.help or ''}".strip()
        error = f"<error message={quoteattr(found.message)} type={quoteattr(found.code)}>{escape(text)}</error>"
        by_file.setdefault(found.span.path, []).append(
            f"    <testcase name={quoteattr(found.name)} classname={quoteattr(found.span.path)}>{error}</testcase>"
        )
        count = counts.setdefault(found.span.path, [0, 0, 0, 0])
        count[0] += 1
        count[2] += 1
    suites = "\n".join(_testsuite(path, cases, counts[path]) for path, cases in by_file.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="policy-engine">\n{suites}\n</testsuites>'


def _testsuite(path: str, cases: list[str], count: list[int]) -> str:
    total, failures, errors, skipped = count
    head = f'tests="{total}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    body = "\n".join(cases)
    return f"  <testsuite name={quoteattr(path)} {head}>\n{body}\n  </testsuite>"


def _testcase(result: TestResult, place: Span) -> str:
    name, owner = quoteattr(visible(result.test.name)), quoteattr(place.path)
    head = f'    <testcase name={name} classname={owner} file={owner} line="{place.start.line}"'
    if result.status is Status.FAILED:
        differences = (f"{one.place}: {shown(one.actual)}, not {shown(one.expected)}" for one in result.differences)
        told = "; ".join(differences)
        text = escape(visible_lines("\n".join([place_of(place), told, *reasons(result)])))
        return f"{head}><failure message={quoteattr(visible(told))}>{text}</failure></testcase>"
    if result.status is Status.TODO and isinstance(result.test, Case):
        return f"{head}><skipped message={quoteattr(visible(result.test.todo or ''))}/></testcase>"
    return f"{head}/>"


def visible_lines(text: str) -> str:
    """A text of several lines without characters that XML cannot hold."""
    return "\n".join(visible(line) for line in text.splitlines())


MACHINES: Mapping[str, Callable[[Proof, BuildResult], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "github": _github,
    "junit": render_junit,
    "lcov": _lcov,
}
"""The forms for programs, by the name that `--format` has for each."""
