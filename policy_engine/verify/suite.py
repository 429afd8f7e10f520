"""What a bundle is tested with: cases from `*_test.yaml` files, and the examples of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from policy_engine.diagnostics import Address, Diagnostic, Finding, Severity
from policy_engine.model.policy import Rule
from policy_engine.model.request import Request

DEFAULT: Final = "(default)"
"""What an expectation writes in place of a rule's name where `default` decides."""

NONE: Final = "(none)"
"""What an expectation writes in place of a model or tier where no model is called."""

MOMENT: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
"""The clock of what states none, so that no test hangs on the hour at which it runs: a Monday, at noon, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One request and what must be decided about it.

    `name` tells the combination of a matrix as well; `written` is the request as JSON data, fixtures and matrix
    applied; `todo` says why it is expected to fail for now.
    """

    name: str
    request: Request
    written: Mapping[str, Any] = field(repr=False)
    expect: Mapping[str, Any]
    address: Address
    todo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExample:
    """One request on which a rule, tried alone, must match or not."""

    name: str
    request: Request
    written: Mapping[str, Any] = field(repr=False)
    rule: Rule
    matches: bool
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """
    All tests of a bundle, in order of file and place.

    `findings` are mistakes in the tests themselves, `diagnostics` the same with those of loading, placed; `texts` are
    the test files' texts, with the offsets of list items that their data leaves out, by path.
    """

    cases: tuple[Case, ...] = ()
    examples: tuple[RuleExample, ...] = ()
    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    texts: Mapping[str, tuple[str, frozenset[int]]] = field(default_factory=dict, repr=False)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Mistakes that keep a test from being run as it is meant."""
        return tuple(found for found in self.diagnostics if found.severity is Severity.ERROR)

    def __len__(self) -> int:
        """How many tests there are."""
        return len(self.cases) + len(self.examples)

    def __iter__(self) -> Iterator[Case | RuleExample]:
        """Every test, cases first."""
        yield from self.cases
        yield from self.examples
