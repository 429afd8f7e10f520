"""Many regexes on one text at once: an RE2 set that says which rules of a unit can still match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import re2

from policy_engine.compiler.atoms import Search
from policy_engine.compiler.graph import Node
from policy_engine.compiler.needle import needles_of
from policy_engine.compiler.pattern import SCANNED_BYTES, encode, re2_options, without_boundaries
from policy_engine.compiler.program import Undecided
from policy_engine.model.facts import Facts

SET_SIZE = 200
"""Patterns in one RE2 set; compiling holds the interpreter, so sets stay small."""

Match = Callable[[bytes], list[int] | None]
Sets = list[tuple[Match, tuple[int, ...]]]
"""For each RE2 set the numbers of the patterns that it finds, and for each number the rules that it satisfies."""

_ALWAYS = r"\z"
_ONLY_ALWAYS = [0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scanner:
    """
    The searches of one unit.

    `rules` has the bits of the rules that search; `patterns` are unique, `masks` the rules that each satisfies, for
    certain where not in `unsure`; `nodes` goes from a rule's bit to its own search; `needles` are texts of which one
    is in whatever any pattern matches, if there are any; `sets` are compiled when first needed.
    """

    rules: int
    patterns: tuple[str, ...]
    masks: tuple[int, ...]
    unsure: int
    nodes: dict[int, Node]
    needles: tuple[str, ...]
    sets: Sets = field(default_factory=list)

    def alive(self, facts: Facts, live: int) -> tuple[int, int]:
        """
        Which of the live rules can still match the newest message, which must be there.

        Returns:
            bits of the rules whose search succeeds or that do not search, and bits of those for which the text is
            too long to tell.
        """
        found = self._found(facts)
        return self._one_by_one(facts, live) if found is None else (live & found, 0)

    def found(self, facts: Facts) -> int:
        """
        The same as bits of all rules, those that do not search included.

        Raises:
            Undecided: the text is too long to tell.
        """
        found = self._found(facts)
        if found is None:
            found, unsure = self._one_by_one(facts, self.rules)
            if unsure:
                raise Undecided
        return found

    def _found(self, facts: Facts) -> int | None:
        """Bits of the rules whose search succeeds and of those that do not search; None if the sets cannot tell."""
        scans = facts.scans
        if self in scans:
            return scans[self]
        text = facts.message or ""
        found: int | None = None
        if len(text) * 4 <= SCANNED_BYTES:
            if self._is_needless(text):
                return ~self.rules
            found = self._searched(encode(text))
            if found is not None and found & self.unsure:
                found &= ~self._mistaken(facts, found & self.unsure)
        facts.scans = {**scans, self: found}
        return found

    def _is_needless(self, text: str) -> bool:
        """Whether the text has nothing that every match needs."""
        for needle in self.needles:  # a loop, since a generator would cost as much as looking
            if needle in text:
                return False
        return bool(self.needles)

    def _searched(self, text: bytes) -> int | None:
        """The same as `_found`, where phrases are searched for without their boundaries."""
        found = ~self.rules
        for hits_in, masks in self.sets or self.prepare():
            hits = hits_in(text)
            if hits == _ONLY_ALWAYS:
                continue
            # An always-true pattern stands first: where even that is not reported, the set ran out of memory.
            if hits is None or 0 not in hits:
                return None
            for hit in hits:
                found |= masks[hit]
        return found

    def _mistaken(self, facts: Facts, found: int) -> int:
        """Bits of the rules that were found only because a phrase is searched for without its boundaries."""
        mistaken = 0
        while found:
            bit = found & -found
            found ^= bit
            if self.nodes[bit].probe(facts) is False:  # type: ignore[misc]  # a search always has a probe
                mistaken |= bit
        return mistaken

    def prepare(self) -> Sets:
        """The sets, compiled now, so that the first request need not wait for it."""
        if not self.sets:
            starts = range(0, len(self.patterns), SET_SIZE)
            self.sets.extend(
                [one for start in starts for one in self._sets(start, min(start + SET_SIZE, len(self.patterns)))]
            )
        return self.sets

    def _sets(self, start: int, stop: int) -> Sets:
        """The sets of some patterns: one, or two where they are too large together."""
        together = re2.Set.SearchSet(re2_options())
        for pattern in (_ALWAYS, *self.patterns[start:stop]):
            together.Add(pattern)
        try:
            together.Compile()
        except re2.error:
            if stop - start == 1:
                return [(_no_set, ())]
            middle = (start + stop) // 2
            return [*self._sets(start, middle), *self._sets(middle, stop)]
        return [(together.Match, (0, *self.masks[start:stop]))]

    def _one_by_one(self, facts: Facts, live: int) -> tuple[int, int]:
        unsure = 0
        asking = live & self.rules
        while asking:
            bit = asking & -asking
            asking ^= bit
            truth = self.nodes[bit].probe(facts)  # type: ignore[misc]  # a search always has a probe
            if truth is False:
                live ^= bit
            elif truth is not True:
                unsure |= bit
        return live, unsure


def scanner_of(searches: Sequence[tuple[int, Node]]) -> Scanner | None:
    """The scanner for the searches of a unit, as (position of the rule, node); None if there are none."""
    if not searches:
        return None
    masks: dict[str, int] = {}
    unsure = 0
    own: dict[int, Node] = {}
    rules = 0
    for position, node in searches:
        assert isinstance(node.atom, Search)
        bit = 1 << position
        rules |= bit
        own[bit] = node
        for pattern in node.atom.patterns:
            loose = without_boundaries(pattern)
            masks[loose] = masks.get(loose, 0) | bit
            unsure |= bit if loose != pattern else 0
    return Scanner(
        rules=rules,
        patterns=tuple(masks),
        masks=tuple(masks.values()),
        unsure=unsure,
        nodes=own,
        needles=needles_of(masks),
    )


def _no_set(_: bytes) -> None:
    """Stands for a pattern that is too large for a set: nothing is reported, so all are searched one by one."""
    return
