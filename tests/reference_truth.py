"""Three-valued truth as the reference sees it: conditions as trees, and the outcomes that are still possible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from tests.reference_facts import GROUP_STAGES, PENDING, UNKNOWN, Known, group_of

Outcomes: TypeAlias = frozenset[bool | None]
OPEN: Outcomes = frozenset((True, False, None))


@dataclass(frozen=True)
class Test:
    """A single test: the facts it reads, what it says about their values (None: it cannot tell), and whom it blames."""

    __test__ = False
    facts: tuple[str, ...]
    run: Callable[[Known], bool | None]
    blames: str


@dataclass(frozen=True)
class Score:
    """A sum of points over conditions, compared with a number."""

    parts: tuple[tuple[Decimal, Node], ...]
    op: str
    number: Decimal


@dataclass(frozen=True)
class Join:
    """Several conditions as one: `all`, `any`, or `not` for a single one."""

    how: str
    children: tuple[Node, ...]


def joined(how: str, children: Iterable[Node]) -> Node:
    """Conditions as one; what is joined the same way further down is part of it, so that it is asked about at once."""
    inner = (one.children if isinstance(one, Join) and one.how == how else (one,) for one in children)
    flat = tuple(node for nodes in inner for node in nodes)
    return flat[0] if len(flat) == 1 else Join(how, flat)


def opposite(node: Node) -> Node:
    """The negation of a condition."""
    return node.children[0] if isinstance(node, Join) and node.how == "not" else Join("not", (node,))


Node: TypeAlias = Test | Score | Join


def outcomes(node: Node, known: Known) -> Outcomes:
    """What a condition can still turn out to be, each part taken to be free of the others."""
    if isinstance(node, Test):
        values = [known.value(fact) for fact in node.facts]
        if UNKNOWN in values:
            return frozenset((None,))
        return OPEN if PENDING in values else frozenset((node.run(known),))
    if isinstance(node, Score):
        return _score_outcomes(node, known)
    children = [outcomes(child, known) for child in node.children]
    if node.how == "not":
        return frozenset(None if one is None else not one for one in children[0])
    beats = node.how == "any"
    result: Outcomes = frozenset((not beats,))
    for child in children:
        result = frozenset(_together(one, other, beats) for one in result for other in child)
    return result


def _together(one: bool | None, other: bool | None, beats: bool) -> bool | None:
    """`and` where False beats unknown beats True, `or` where True beats unknown beats False."""
    if one is beats or other is beats:
        return beats
    return None if one is None or other is None else not beats


def _score_outcomes(score: Score, known: Known) -> Outcomes:
    parts = [(points, outcomes(part, known)) for points, part in score.parts]
    least = sum((points for points, can in parts if can == {True} or (points < 0 and can != {False})), Decimal(0))
    most = sum((points for points, can in parts if can == {True} or (points > 0 and can != {False})), Decimal(0))
    every, none = {
        "lt": (most < score.number, least >= score.number),
        "lte": (most <= score.number, least > score.number),
        "gt": (least > score.number, most <= score.number),
        "gte": (least >= score.number, most < score.number),
        "eq": (least == most == score.number, not least <= score.number <= most),
    }[score.op]
    if every or none:
        return frozenset((every,))
    return OPEN if any(len(can) > 1 for _, can in parts) else frozenset((None,))


def _children(node: Node) -> Sequence[Node]:
    if isinstance(node, Test):
        return ()
    return node.children if isinstance(node, Join) else [part for _, part in node.parts]


def blamed(node: Node, known: Known) -> Iterator[str]:
    """The names of what leaves a condition unknown, unless something else settles it."""
    can = outcomes(node, known)
    if isinstance(node, Test) and can == {None}:
        missing = {group_of(fact) for fact in node.facts if known.value(fact) is UNKNOWN}
        yield from missing or {node.blames}
    if None in can:
        for child in _children(node):
            yield from blamed(child, known)


def pending(node: Node, known: Known) -> Iterator[tuple[int, str]]:
    """The signals, as (stage, name), that could still settle a condition."""
    if len(outcomes(node, known)) == 1:
        return
    if isinstance(node, Test):
        groups = [group_of(fact) for fact in node.facts if known.value(fact) is PENDING]
        yield from ((GROUP_STAGES[group.partition(".")[0]], group) for group in groups)
    for child in _children(node):
        yield from pending(child, known)
