"""Notes on one file: the diagnostics collected while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

from policy_engine.diagnostics import Diagnostic, Key, Related, Severity, yaml_path
from policy_engine.loader.lines import Lines

MAX_NOTES = 100
"""More faults than this in one file are not told: it is no policy file then."""


_MAX_MESSAGE = 240  # code points; an author's words may be a whole file


class Notes:
    """Collects what is wrong with one file, by offsets into its text. `path` is what people are shown."""

    __slots__ = ("_lines", "_taken", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._lines: Lines | None = None
        self._taken: list[Diagnostic] = []

    @property
    def lines(self) -> Lines:
        """The text's lines, counted when first needed."""
        if self._lines is None:
            self._lines = Lines(self.text)
        return self._lines

    @property
    def is_full(self) -> bool:
        """Whether further notes are dropped."""
        return len(self._taken) >= MAX_NOTES

    def add(
        self,
        fault: ModuleType,
        message: str,
        *,
        start: int,
        end: int,
        help: str | None = None,
        keys: Iterable[Key] = (),
        severity: Severity = Severity.ERROR,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Notes one fault of the kind that the module `fault` describes, at the first line of [start, end)."""
        if self.is_full:
            return
        lines = self.lines
        diagnostic = Diagnostic(
            code=fault.CODE,
            name=fault.NAME,
            severity=severity,
            message=_clipped(message),
            span=lines.span(self.path, *lines.first_line(start, end)),
            yaml_path=yaml_path(keys),
            help=None if help is None else _clipped(help),
            related=related,
        )
        self._taken.append(diagnostic)

    def taken(self) -> tuple[Diagnostic, ...]:
        """All that was noted, in the order of noting."""
        return tuple(self._taken)


def _clipped(message: str) -> str:
    return message if len(message) <= _MAX_MESSAGE else message[:_MAX_MESSAGE] + "…"
