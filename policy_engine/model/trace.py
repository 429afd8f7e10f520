"""Why a decision came out as it did: every rule that was tried, and the tests that settled it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Result(StrEnum):
    """How trying one rule ended."""

    MATCH = "match"
    NO_MATCH = "no_match"
    UNKNOWN = "unknown"
    UNKNOWN_MATCH = "match_on_unknown"
    UNKNOWN_DEFAULT = "default_on_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestTrace:
    """
    One test: what it says, how it came out, and the value it saw.

    `truth` is `true`, `false` or `unknown`; `value` is short and JSON-ready, None where a text would be quoted.
    """

    __test__ = False

    text: str
    truth: str
    value: Any = None

    def to_json(self) -> dict[str, Any]:
        """The test in the shape of schema decision.v1."""
        written: dict[str, Any] = {"test": self.text, "truth": self.truth}
        return written if self.value is None else {**written, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """
    One rule that was tried.

    `tests` holds those that settled it: the false ones of a rule that does not match, the unknown ones of an unknown
    rule, all of a rule that matches. `place` is file and YAML path.
    """

    rule: str
    result: Result
    tests: tuple[TestTrace, ...]
    place: str
    terminal: bool

    def to_json(self) -> dict[str, Any]:
        """The rule in the shape of schema decision.v1."""
        return {
            "rule": self.rule,
            "result": str(self.result),
            "terminal": self.terminal,
            "place": self.place,
            "tests": [test.to_json() for test in self.tests],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Every rule that was tried, in order; the last one decided unless `default` did."""

    rules: tuple[RuleTrace, ...]

    def to_json(self) -> list[dict[str, Any]]:
        """The trace in the shape of schema decision.v1."""
        return [rule.to_json() for rule in self.rules]
