"""Results of tests as diagnostics: each that failed at its own place, with the rules that explain it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.model.policy import Policy
from policy_engine.model.trace import Result, RuleTrace, TestTrace
from policy_engine.verify.expectation import Difference
from policy_engine.verify.faults import failed_test, passing_todo
from policy_engine.verify.run import MATCHES, Status, SuiteResult, TestResult
from policy_engine.verify.suite import Case

_LONGEST = 60
_TOLD = 4


def findings_of(result: SuiteResult, policy: Policy) -> Iterator[Finding]:
    """One finding for each test that failed, and a note for each with `todo`."""
    places = {rule.name: rule.address for rule in policy.rules}
    for one in result.results:
        if one.status is Status.FAILED:
            yield _finding(failed_test, Severity.ERROR, said(one), one, places=places)
        elif one.status is Status.TODO and isinstance(one.test, Case):
            yield _finding(failed_test, Severity.INFO, f"{said(one)} (todo: {one.test.todo})", one, places=places)
        elif one.status is Status.PASSING_TODO:
            message = f"`{one.test.name}` passes, although it says `todo`"
            yield _finding(passing_todo, Severity.INFO, message, one, places=places)


def said(result: TestResult) -> str:
    """What was not as expected, in one line: `short questions`: `rule` is `a`, not `b`."""
    told = "; ".join(_difference(one) for one in result.differences)
    return f"`{result.test.name}`: {told}"


def reasons(result: TestResult) -> Iterator[str]:
    """Why a failed test came out as it did, a line each."""
    expected, deciding = result.expected_rule, result.deciding
    if isinstance(result.test, Case) and expected is not None and expected is not deciding:
        if expected.result in MATCHES:
            if deciding is not None and expected.rule != deciding.rule:
                yield f"`{expected.rule}` matches too, but `{deciding.rule}` stands before it"
        else:
            yield f"`{expected.rule}` does not match: {_tests(expected)}"
    elif expected is not None and not isinstance(result.test, Case):
        word = "matches" if expected.result in MATCHES else "does not match"
        yield f"`{expected.rule}` {word}: {_tests(expected)}"
    if deciding is not None and (expected is None or deciding.rule != expected.rule):
        yield f"`{deciding.rule}` decides: {_tests(deciding)}"


def _tests(rule: RuleTrace) -> str:
    """The tests that settled a rule: those that did not hold, those not known of an unknown one, or all of a match."""
    matched = rule.result in MATCHES
    settled = {Result.NO_MATCH: ("false", "unknown"), Result.UNKNOWN: ("unknown",)}.get(rule.result, ())
    telling = [test for test in rule.tests if test.truth in settled] or list(rule.tests)
    more = [f"and {len(telling) - _TOLD} more"] if len(telling) > _TOLD + 1 else []
    first = telling[:_TOLD] if more else telling
    return "; ".join([*(_test(test, matched=matched) for test in first), *more]) or "it has no condition"


def _test(test: TestTrace, *, matched: bool) -> str:
    seen = "" if test.value is None else f" (it is {shown(test.value)})"
    if not seen:
        seen = "" if matched and test.truth == "true" else f" is {test.truth}"
    return f"{_clipped(test.text)}{seen}"


def _difference(one: Difference) -> str:
    return f"{one.place} is {shown(one.actual)}, not {shown(one.expected)}"


def shown(value: Any) -> str:
    """A value as JSON, a text without its quotes; short."""
    return _clipped(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _finding(
    fault: ModuleType, severity: Severity, message: str, result: TestResult, *, places: dict[str, Address]
) -> Finding:
    address, part = _place(result)
    return Finding(
        code=fault.CODE,
        name=fault.NAME,
        severity=severity,
        message=message,
        address=address,
        part=part,
        help="; ".join(reasons(result)) or None,
        related=tuple(_related(result, places)),
    )


def _place(result: TestResult) -> tuple[Address, Part]:
    """A case is pointed at by its name, an example by what it expects."""
    address = result.test.address
    return (address.child("name") if isinstance(result.test, Case) else address.child("expect")), Part.VALUE


def _related(result: TestResult, places: dict[str, Address]) -> Iterable[RelatedAddress]:
    rules = {
        rule.rule: word for word, rule in (("expected", result.expected_rule), ("decides", result.deciding)) if rule
    }
    for name, word in rules.items():
        if name in places and isinstance(result.test, Case):
            yield RelatedAddress(address=places[name].child("name"), message=f"`{name}` ({word})")
