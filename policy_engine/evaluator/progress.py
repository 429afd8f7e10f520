"""The way to a decision: how trying a rule ended, what was gathered, and what has to be learned first."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.compiler.rule import CompiledRule


@dataclass(frozen=True, slots=True)
class Needs:
    """Signals, by group (`cache.support`), that have to be learned (or given up) before the decision can be made."""

    signals: tuple[str, ...]


class Try(Enum):
    """How trying one rule ended, as far as deciding goes."""

    MATCH = "match"
    NEXT = "next"
    DEFAULT = "default"


@dataclass(slots=True)
class Progress:
    """
    What was gathered before a rule decided: modifiers that matched, in order, and names of what was unknown.

    `doubted` are the rules that it was unknown for; which names that makes changes while signals are given up.
    """

    modifiers: list[CompiledRule] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    doubted: list[CompiledRule] = field(default_factory=list)
