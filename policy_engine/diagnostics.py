"""
What is told to the author of a policy: findings, their places, and the report that collects them.

A check yields a `Finding`, which says where in the *data* something is (file and YAML path). The loader
knows the text and turns it into a `Diagnostic`, which says where in the *file* it is (line and column).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, TypeAlias

Key: TypeAlias = str | int


class Severity(StrEnum):
    """How bad a finding is. Only an error keeps a bundle from being built."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Part(Enum):
    """Which part of a mapping entry a finding points at."""

    KEY = "key"
    VALUE = "value"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text: 1-based line and column, counted in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file; `end` is the first position after it. `path` is relative to where the command ran."""

    path: str
    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Address:
    """
    A value in a bundle, by where it stands in the data.

    `path` is the file's path relative to the bundle's folder, with `/`; `keys` are mapping keys and 0-based indexes.
    """

    path: str
    keys: tuple[Key, ...] = ()

    def child(self, *keys: Key) -> Address:
        """The address of what stands below this one."""
        return Address(self.path, (*self.keys, *keys))

    @property
    def yaml_path(self) -> str:
        """The address in the form `$.rules[2].then.route`, without the file."""
        return yaml_path(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedAddress:
    """Another place that explains a finding, such as the first of two equal names."""

    address: Address
    message: str
    part: Part = Part.VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something to tell the author, placed by address.

    `within` narrows the span to offsets [start, stop) of a scalar's text (0-based, in code points): the bad name in an
    expression. It is ignored where the value is not written on one line.
    """

    code: str
    name: str
    severity: Severity
    message: str
    address: Address
    part: Part = Part.VALUE
    help: str | None = None
    related: tuple[RelatedAddress, ...] = ()
    within: tuple[int, int] | None = None
    witness: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another place that explains a diagnostic."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """
    One fact about a policy file that its author should know, with its place.

    `code` is stable (`PE301`), `name` is its word form (`unknown-tier`), `yaml_path` is like `$.rules[2].then.route`.
    `witness` is a request (schema request.v1) that shows the finding at work, where there is one.
    """

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    yaml_path: str = "$"
    help: str | None = None
    related: tuple[Related, ...] = ()
    witness: Mapping[str, Any] | None = None

    def headline(self) -> str:
        """The finding on one line: `policies/chat.yaml:14:18: error[PE301] unknown tier `workhrose``."""
        start = self.span.start
        return f"{self.span.path}:{start.line}:{start.column}: {self.severity}[{self.code}] {self.message}"

    def sort_key(self) -> tuple[Any, ...]:
        """Orders diagnostics by file, then place, then code."""
        return (self.span, self.code, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was found in one bundle, sorted by place, and how large the bundle is."""

    diagnostics: tuple[Diagnostic, ...] = ()
    files: int = 0
    rules: int = 0
    revision: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Text of the files that diagnostics point into, by span path; what a renderer quotes from."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those that keep the bundle from being built."""
        return self.having(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Those that the author should look at."""
        return self.having(Severity.WARNING)

    def having(self, severity: Severity) -> tuple[Diagnostic, ...]:
        """The diagnostics of one severity."""
        return tuple(d for d in self.diagnostics if d.severity is severity)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics sorted by place, each told once."""
    unique = {(d.code, d.span, d.message): d for d in diagnostics}
    return tuple(sorted(unique.values(), key=Diagnostic.sort_key))


def yaml_path(keys: Iterable[Key]) -> str:
    """The path `$.rules[2].then` for keys and 0-based indexes; odd keys are quoted as in `$['a b']`."""
    return "$" + "".join(_step(key) for key in keys)


def _step(key: Key) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if key and all(c.isalnum() or c in "_-" for c in key):
        return f".{key}"
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"
