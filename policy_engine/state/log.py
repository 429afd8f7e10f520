"""Logs: records that are only ever appended, which each process reads on from where it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

PAGE: Final = 2_000
"""How many records `since` gives at most, unless told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    Something that happened to a log's entries.

    Attributes:
        position: where it stands in its log; later records have higher positions, with gaps.
        entry: whose record it is.
        value: what was appended, or None where the entry was removed.
        until_s: when the entry is over, Unix seconds.
    """

    position: int
    entry: str
    value: bytes | None
    until_s: float


class Log(Protocol):
    """
    Entries by log and name, with a position for each change, so that whoever follows learns only what is new.

    An entry that is over or was removed is no longer read from the beginning; whoever had it learns of a removal by a
    record without a value, and of an end by its own clock. Positions never go back, even where a log was lost and
    begins anew, so that no follower waits for what has passed. Safe under threads. Everything raises `StateError` if
    the state cannot be used.
    """

    def append(self, log: str, entry: str, value: bytes, *, now_s: float, until_s: float) -> int:
        """Adds an entry, in place of one of the same name, and gives its position."""
        ...

    def remove(self, log: str, entries: Sequence[str], *, now_s: float) -> int:
        """Removes entries; gives how many of them were there."""
        ...

    def since(self, log: str, position: int, *, now_s: float, limit: int = PAGE) -> tuple[Record, ...]:
        """
        The records after a position, in order, at most so many; 0 is the beginning.

        A record that is over by `now_s` may be left out.
        """
        ...

    def names(self, prefix: str, *, now_s: float) -> tuple[str, ...]:
        """The logs that have entries and whose names begin like this, sorted."""
        ...
