"""A unit: some rules in decision order, indexed and turned into programs together, and reused while they stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policy_engine.compiler.atoms import InSet
from policy_engine.compiler.graph import Node
from policy_engine.compiler.index import FEW, Narrow, index_of
from policy_engine.compiler.program import Asked, First, Programs, first_of
from policy_engine.compiler.rule import CompiledRule, is_scanned
from policy_engine.compiler.scan import Scanner, scanner_of
from policy_engine.compiler.surely import SurePrograms
from policy_engine.model.vocabulary import Fact

LARGEST = 512
SMALLEST_CUT = 128
"""A unit has at most LARGEST rules, and ends with a file once it has SMALLEST_CUT, so that an edit changes one unit."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """
    Rules that are decided together; bit i of every mask is the i-th of `rules`.

    Attributes:
        narrow: gives the rules that the index leaves alive for some facts.
        scanner: searches the message for the patterns of many rules at once, or None.
        searching: bits of the rules that have such a pattern.
        programs: what is left to test for a rule, by its bit.
        tested: bits of the rules for which anything is.
        sure: what can be said of a rule where something that it reads is missing, by its bit.
        first: in a unit of few rules, one program that gives the position of the first of them that holds.
        readers: for the bit of each group that is read, the bits of the rules that read it.
        reading: bits of all groups that are read.
        settled: for each rule the conditions that the index settles.
        indexed: the facts of the index.
    """

    rules: tuple[CompiledRule, ...]
    narrow: Narrow
    scanner: Scanner | None
    searching: int
    programs: Programs
    tested: int
    sure: SurePrograms
    first: First | None
    readers: Mapping[int, int]
    reading: int
    settled: tuple[frozenset[Node], ...]
    indexed: tuple[Fact, ...]

    def doubtful(self, missing: int) -> int:
        """Bits of the rules that read something that is missing."""
        rules = 0
        for group in _bits(missing & self.reading):
            rules |= self.readers[group]
        return rules


def unit_of(rules: tuple[CompiledRule, ...], *, any_task: bool) -> Unit:
    """
    The unit of some rules.

    Args:
        rules: in decision order, at most `LARGEST`.
        any_task: whether the unit serves requests whose task is unknown (else all its rules hold for its task).
    """
    narrow, settled, indexed = index_of(rules)
    tests = [_asked(rule, any_task=any_task) for rule in rules]
    searches = [(position, test.search) for position, test in enumerate(tests) if test.search is not None]
    left: dict[int, tuple[Node, ...]] = {}
    alike: dict[int, int] = {}  # rules by what they read: few combinations occur
    for position, rule in enumerate(rules):
        nodes = tuple([node for node in tests[position].others if node not in settled[position]])
        if nodes:
            left[1 << position] = nodes
        alike[rule.reads] = alike.get(rule.reads, 0) | 1 << position
    scanner = scanner_of(searches)
    readers = _readers(alike)
    return Unit(
        rules=rules,
        narrow=narrow,
        scanner=scanner,
        searching=0 if scanner is None else scanner.rules,
        programs=Programs(left),
        tested=sum(left),
        sure=SurePrograms(rules),
        first=first_of(tests, None if scanner is None else scanner.found) if len(rules) <= FEW else None,
        readers=readers,
        reading=sum(readers),
        settled=settled,
        indexed=indexed,
    )


def _asked(rule: CompiledRule, *, any_task: bool) -> Asked:
    """What is to be tested for a rule in a unit of its task, or in one for any task."""
    search: Node | None = None
    others = []
    for node in rule.conditions:
        if search is None and is_scanned(node):
            search = node
        elif any_task or not _settles_task(node):
            others.append(node)
    return Asked(search=search, others=tuple(others))


def _readers(alike: Mapping[int, int]) -> dict[int, int]:
    readers: dict[int, int] = {}
    for reads, rules in alike.items():
        for group in _bits(reads):
            readers[group] = readers.get(group, 0) | rules
    return readers


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit


def _settles_task(node: Node) -> bool:
    return isinstance(node.atom, InSet) and node.atom.fact.name == "task"


def cut(rules: Sequence[CompiledRule]) -> Iterator[tuple[CompiledRule, ...]]:
    """Rules in pieces for units, cut where a file ends if the piece is large enough."""
    piece: list[CompiledRule] = []
    for rule in rules:
        full = len(piece) >= LARGEST
        if piece and (full or (len(piece) >= SMALLEST_CUT and rule.rule.address.path != piece[-1].rule.address.path)):
            yield tuple(piece)
            piece = []
        piece.append(rule)
    if piece:
        yield tuple(piece)
