"""Cases shared out to processes: by slices of files, or by what policies count together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.model.request import read_request
from policy_engine.replay.sequence import share_of
from policy_engine.replay.slices import Slice, slices_of

Line: TypeAlias = tuple[str, int, bytes]
"""A file, the 1-based number of a line, and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The cases of one of several processes: those of some slices, or those of one key in all slices."""

    slices: tuple[Slice, ...]
    number: int = 0
    shares: int = 1
    key: tuple[str, ...] = ()

    def lines(self, policy_set: PolicySet) -> Iterator[Line]:
        """The lines of this share, numbered from the first slice of their file; what is no request is the first's."""
        lines = lines_of(self.slices)
        return self._dealt(lines, policy_set) if self.key else lines

    def _dealt(self, lines: Iterable[Line], policy_set: PolicySet) -> Iterator[Line]:
        for path, number, line in lines:
            try:
                written = json.loads(line)
                if isinstance(written, dict):
                    written.pop("outcomes", None)
                request = read_request(written, attributes=policy_set.declarations.attributes)
                place = share_of(request, self.key, policy_set, self.shares)
            except (ValueError, RecursionError):
                place = 0
            if place == self.number:
                yield path, number, line


def shares_of(paths: Sequence[str], key: tuple[str, ...] | None, *, shares: int) -> tuple[Share, ...]:
    """
    All cases of some files, shared out.

    Args:
        key: as `shared_key` gives it: nothing for a share per slice, None for one of everything.
        shares: how many there are where there is a key.
    """
    slices = tuple(piece for path in paths for piece in slices_of(path))
    if key is None:
        return (Share(slices=slices),)
    if key:
        return tuple(Share(slices=slices, number=number, shares=shares, key=key) for number in range(shares))
    return tuple(Share(slices=(piece,)) for piece in slices)


def lines_of(slices: Iterable[Slice]) -> Iterator[Line]:
    """Lines with their numbers, counted from the first slice of their file that is given."""
    path, number = "", 0
    for piece in slices:
        if piece.path != path:
            path, number = piece.path, 0
        for line in piece.lines():
            number += 1
            yield path, number, line
