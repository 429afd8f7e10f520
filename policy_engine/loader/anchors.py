"""Anchors of one document, and what aliases to them may cost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Any, Final

from policy_engine.loader.faults import alias_expansion, too_deep, unknown_anchor

MAX_ALIASED_VALUES: Final = 200_000
"""How many values the aliases of one file may stand for, all together."""


class AnchorFault(Enum):
    """Why an alias has no value."""

    UNKNOWN = "unknown"
    RECURSIVE = "recursive"
    TOO_LARGE = "too large"
    TOO_DEEP = "too deep"

    @property
    def fault(self) -> ModuleType:
        """The module that describes the fault."""
        if self is AnchorFault.UNKNOWN:
            return unknown_anchor
        return too_deep if self is AnchorFault.TOO_DEEP else alias_expansion

    def told(self, name: str) -> tuple[str, str]:
        """Message and help for an alias to the anchor `name`."""
        match self:
            case AnchorFault.UNKNOWN:
                return f"no anchor `&{name}` stands before this alias", "put text that begins with `*` in single quotes"
            case AnchorFault.RECURSIVE:
                return f"the anchor `&{name}` contains an alias to itself", "write the value out"
            case AnchorFault.TOO_LARGE:
                limit = f"{MAX_ALIASED_VALUES:,}"
                return f"the aliases of this file stand for more than {limit} values", "write out what is needed"
            case AnchorFault.TOO_DEEP:
                return f"the alias `*{name}` nests values more than 64 deep", "name inner conditions under `conditions`"


@dataclass(frozen=True, slots=True)
class Expansion:
    """What an alias stands for."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class OpenAnchor:
    """An anchor whose value is still being read."""

    name: str


@dataclass(frozen=True, slots=True)
class _Size:
    value: Any  # kept, so that its id stays its own
    values: int
    depth: int


class Anchors:
    """The anchors seen so far. A later anchor of the same name takes the place of the earlier."""

    __slots__ = ("_aliased", "_sizes", "_values")

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._sizes: dict[int, _Size] = {}
        self._aliased = 0

    def open(self, name: str) -> OpenAnchor:
        """Begins the value of an anchor."""
        anchor = OpenAnchor(name)
        self._values[name] = anchor
        return anchor

    def close(self, anchor: OpenAnchor, value: Any) -> None:
        """Ends it, unless its name was given again inside it."""
        if self._values[anchor.name] is anchor:
            self._values[anchor.name] = value

    def expand(self, name: str, *, depth: int) -> Expansion | AnchorFault:
        """The value of an alias where `depth` more levels are allowed; its size counts against the limit."""
        if name not in self._values:
            return AnchorFault.UNKNOWN
        value = self._values[name]
        if isinstance(value, OpenAnchor):
            return AnchorFault.RECURSIVE
        size = self._size(value)
        self._aliased += size.values
        if self._aliased > MAX_ALIASED_VALUES:
            return AnchorFault.TOO_LARGE
        return Expansion(value) if size.depth <= depth else AnchorFault.TOO_DEEP

    def _size(self, value: Any) -> _Size:
        """Counts a value with its aliases expanded, each shared part once."""
        if not isinstance(value, dict | list):
            return _Size(value, 1, 0)
        if known := self._sizes.get(id(value)):
            return known
        parts = [self._size(part) for part in (value.values() if isinstance(value, dict) else value)]
        size = _Size(value, 1 + sum(p.values for p in parts), 1 + max((p.depth for p in parts), default=0))
        self._sizes[id(value)] = size
        return size
