"""
What a test file can get wrong although its form is right: one check per module, its docstring the manual page.

The order of `CHECKS` is that of codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from policy_engine.diagnostics import Finding
from policy_engine.model.policy import Policy, Rule
from policy_engine.verify.checks import (
    bad_matrix,
    duplicate_case,
    idle_rule_expected,
    impossible_expectation,
    undeclared_input,
    unknown_fixture,
    unknown_rule,
    unknown_target,
    unreadable_request,
    unused_fixture,
)
from policy_engine.verify.written import TestPage


class Check(Protocol):
    """One check of test files, as its module gives it."""

    CODE: str
    NAME: str

    def check(self, page: TestPage, policy: Policy) -> Iterator[Finding]:
        """What is wrong with one test file."""


class CheckOfExamples(Protocol):
    """One check of the examples of rules, as its module gives it."""

    def check_examples(self, rule: Rule, policy: Policy) -> Iterator[Finding]:
        """What is wrong with the examples of one rule."""


CHECKS: tuple[Check, ...] = (
    unknown_rule,
    idle_rule_expected,
    unknown_target,
    unknown_fixture,
    duplicate_case,
    unreadable_request,
    undeclared_input,
    bad_matrix,
    impossible_expectation,
    unused_fixture,
)
CHECKS_OF_EXAMPLES: tuple[CheckOfExamples, ...] = (unreadable_request, undeclared_input)
