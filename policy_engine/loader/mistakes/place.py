"""Where the parser stopped, and what an author did wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

from policy_engine.loader.faults import yaml_syntax
from policy_engine.loader.lines import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and why the parser stopped. Offsets are 0-based; `opened` is where what it was in the middle of began."""

    lines: Lines
    problem: str
    context: str
    at: int
    opened: int | None

    @property
    def text(self) -> str:
        """The whole text."""
        return self.lines.text

    @property
    def here(self) -> str:
        """The character at which the parser stopped, empty at the end."""
        return self.text[self.at : self.at + 1]

    @property
    def number(self) -> int:
        """The line on which it stopped."""
        return self.lines.number(self.at)

    @property
    def line(self) -> str:
        """That line's text."""
        return self.lines.line(self.number)

    @property
    def before(self) -> str:
        """That line's text up to where it stopped."""
        return self.text[self.lines.start(self.number) : self.at]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What was done wrong, from `start` up to `end`."""

    message: str
    help: str
    start: int
    end: int
    fault: ModuleType = yaml_syntax
