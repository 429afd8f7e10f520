"""Tests run against compiled policies, by the same evaluator that serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.decide import decide
from policy_engine.model.decision import Decision
from policy_engine.model.request import Request
from policy_engine.model.trace import Result, RuleTrace
from policy_engine.verify.expectation import Difference, differences
from policy_engine.verify.suite import DEFAULT, Case, RuleExample, Suite

MATCHES = (Result.MATCH, Result.UNKNOWN_MATCH)
"""How trying a rule ends where it matches."""


class Status(StrEnum):
    """How one test ended."""

    PASSED = "passed"
    FAILED = "failed"
    TODO = "todo"
    PASSING_TODO = "passing_todo"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """
    One test that was run.

    `decision` is what came of a case, with its trace where it failed; None for an example. `expected_rule` is how the
    rule that a failed test expects fares by itself; `deciding` is the rule that decided instead.
    """

    __test__ = False

    test: Case | RuleExample
    status: Status
    differences: tuple[Difference, ...] = ()
    decision: Decision | None = field(default=None, repr=False)
    expected_rule: RuleTrace | None = None
    deciding: RuleTrace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """Every test of a suite, run; in the suite's order."""

    suite: Suite
    results: tuple[TestResult, ...]

    def having(self, *statuses: Status) -> tuple[TestResult, ...]:
        """The tests that ended so."""
        return tuple(result for result in self.results if result.status in statuses)

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """The tests that failed and have no `todo`."""
        return self.having(Status.FAILED)


def run_suite(suite: Suite, policy_set: PolicySet) -> SuiteResult:
    """The suite, run against policies. A failed test is run once more with a trace, to say why."""
    compiled = {rule.rule.address: rule for rule in policy_set.rules}
    return SuiteResult(suite=suite, results=tuple(_results(suite, policy_set, compiled)))


def passes(test: Case | RuleExample, policy_set: PolicySet, rule: CompiledRule | None) -> bool:
    """Whether a test passes; `rule` is the one whose example it is, None where that is gone."""
    if isinstance(test, Case):
        return not differences(test.expect, decided(test, policy_set).to_json())
    return rule is None or (tried_alone(rule, policy_set, test.request).result in MATCHES) == test.matches


def decided(case: Case, policy_set: PolicySet) -> Decision:
    """The decision about a case; its estimate where one is expected."""
    return decide(policy_set, case.request, estimate="estimate" in case.expect)


def tried_alone(rule: CompiledRule, policy_set: PolicySet, request: Request) -> RuleTrace:
    """How one rule fares with a request, whatever the other rules say."""
    trace = decide(replace(policy_set, rules=(rule,)), request, trace=True).trace
    assert trace is not None  # it was asked for
    return trace.rules[0]


def chosen(suite: Suite, words: str) -> Suite:
    """The tests whose name, or whose file's path, contains each of these words, in upper or lower case."""
    wanted = words.lower().split()
    return replace(
        suite,
        cases=tuple(case for case in suite.cases if _is_meant(case, wanted)),
        examples=tuple(example for example in suite.examples if _is_meant(example, wanted)),
    )


def _is_meant(test: Case | RuleExample, wanted: Iterable[str]) -> bool:
    said = f"{test.address.path} {test.name}".lower()
    return all(word in said for word in wanted)


def _results(suite: Suite, policy_set: PolicySet, compiled: dict[Any, CompiledRule]) -> Iterator[TestResult]:
    for case in suite.cases:
        yield _case_result(case, policy_set)
    for example in suite.examples:
        yield _example_result(example, policy_set, compiled[example.rule.address])


def _case_result(case: Case, policy_set: PolicySet) -> TestResult:
    decision = decided(case, policy_set)
    found = differences(case.expect, decision.to_json())
    if not found:
        status = Status.PASSED if case.todo is None else Status.PASSING_TODO
        return TestResult(test=case, status=status, decision=decision)
    traced = decide(policy_set, case.request, trace=True, estimate="estimate" in case.expect)
    tried = traced.trace.rules if traced.trace is not None else ()
    return TestResult(
        test=case,
        status=Status.FAILED if case.todo is None else Status.TODO,
        differences=found,
        decision=traced,
        expected_rule=_expected_rule(case, policy_set, tried),
        deciding=next((rule for rule in tried if rule.rule == traced.rule and rule.result in MATCHES), None),
    )


def _expected_rule(case: Case, policy_set: PolicySet, tried: Iterable[RuleTrace]) -> RuleTrace | None:
    """How the expected rule fared, or would have fared where another one decided before it was tried."""
    name = case.expect.get("rule", DEFAULT)
    known = next((rule for rule in tried if rule.rule == name), None)
    if known is not None or name == DEFAULT:
        return known
    rule = next((rule for rule in policy_set.rules if rule.name == name), None)
    return None if rule is None else tried_alone(rule, policy_set, case.request)


def _example_result(example: RuleExample, policy_set: PolicySet, rule: CompiledRule) -> TestResult:
    alone = tried_alone(rule, policy_set, example.request)
    if (alone.result in MATCHES) == example.matches:
        return TestResult(test=example, status=Status.PASSED)
    wanted = Result.MATCH if example.matches else Result.NO_MATCH
    difference = Difference(place=f"rule `{example.rule.name}`", expected=wanted.value, actual=alone.result.value)
    return TestResult(test=example, status=Status.FAILED, differences=(difference,), expected_rule=alone)
