"""
Three-valued truth with signals that nobody asked for yet: which outcomes of a condition are still possible.

An outcome is a bit; a set of them is an integer. One bit means that the condition is settled. A signal that is
pending may still turn out any way, so it has all three.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy_engine.compiler.atoms import Computed, Scored
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.probes import facts_of, reader_of
from policy_engine.model.facts import PENDING, UNKNOWN, Facts
from policy_engine.model.vocabulary import Stage

TRUE = 1
FALSE = 2
MAYBE = 4
"""Unknown, and nothing can be done about it."""

OPEN = TRUE | FALSE | MAYBE


def outcomes(node: Node, facts: Facts) -> int:
    """The outcomes that are still possible for a condition; each node is looked at once per request."""
    known = facts.outcomes.get(node)
    if known is None:
        known = facts.outcomes[node] = _outcomes(node, facts)
    return known


def all_outcomes(nodes: Iterable[Node], facts: Facts) -> int:
    """The outcomes that are still possible for a conjunction; true if it is empty."""
    children = []
    for node in nodes:
        possible = outcomes(node, facts)
        if possible == FALSE:
            return FALSE
        children.append(possible)
    return _all(children)


def is_settled(possible: int) -> bool:
    """Whether only one outcome is left."""
    return possible in (TRUE, FALSE, MAYBE)


def blamed(node: Node, facts: Facts) -> Iterator[str]:
    """What leaves a condition unknown, by name; nothing if something else settles it."""
    possible = outcomes(node, facts)
    if not possible & MAYBE:
        return
    if node.op is Op.LEAF and not isinstance(node.atom, Scored):
        if possible == MAYBE:
            yield from _missing_groups(node, facts)
        return
    for child in node.children:
        yield from blamed(child, facts)


def pending(nodes: tuple[Node, ...], facts: Facts) -> Iterator[tuple[Stage, str]]:
    """The signals that could still settle these conditions, as (stage, group)."""
    for node in nodes:
        if is_settled(outcomes(node, facts)):
            continue
        if node.children:
            yield from pending(node.children, facts)
        else:
            yield from (
                (stage, group) for group, stage in node.groups if stage > Stage.REQUEST and group not in facts.signals
            )


def _outcomes(node: Node, facts: Facts) -> int:
    if node.op is Op.LEAF:
        return _leaf(node, facts)
    if node.op is Op.NOT:
        return _opposite(outcomes(node.children[0], facts))
    if node.op is Op.ALL:
        return all_outcomes(node.children, facts)
    return _any_outcomes(node.children, facts)


def _any_outcomes(nodes: Iterable[Node], facts: Facts) -> int:
    children = []
    for node in nodes:
        possible = outcomes(node, facts)
        if possible == TRUE:
            return TRUE
        children.append(_opposite(possible))
    return _opposite(_all(children))


def _leaf(node: Node, facts: Facts) -> int:
    if isinstance(node.atom, Scored):
        return _score(node.atom, node.children, facts)
    assert node.probe is not None
    truth = node.probe(facts)
    if truth is True:
        return TRUE
    if truth is False:
        return FALSE
    return OPEN if truth is PENDING else MAYBE


def _score(atom: Scored, parts: tuple[Node, ...], facts: Facts) -> int:
    """The sum as an interval: true if all of it passes, false if none does; open while a signal could narrow it."""
    least = most = 0
    open_parts = False
    for points, part in zip(atom.points, parts, strict=True):
        possible = outcomes(part, facts)
        if possible == TRUE:
            least += points
            most += points
        elif possible != FALSE:
            least += min(points, 0)
            most += max(points, 0)
            open_parts = open_parts or not is_settled(possible)
    if (atom.low is None or least >= atom.low) and (atom.high is None or most < atom.high):
        return TRUE
    if (atom.low is not None and most < atom.low) or (atom.high is not None and least >= atom.high):
        return FALSE
    return OPEN if open_parts else MAYBE


def _opposite(possible: int) -> int:
    return (possible & MAYBE) | (possible & TRUE) << 1 | (possible & FALSE) >> 1


def _all(children: list[int]) -> int:
    """False beats unknown beats true; every child is taken to be free of the others."""
    every = TRUE
    possible = 0
    not_false = True
    some_maybe = False
    for child in children:
        every &= child
        possible |= child & FALSE
        not_false = not_false and bool(child & (TRUE | MAYBE))
        some_maybe = some_maybe or bool(child & MAYBE)
    if not_false and some_maybe:
        possible |= MAYBE
    return possible | every


def _missing_groups(node: Node, facts: Facts) -> Iterator[str]:
    """Whatever the test reads that is known to be unknown; a test that has all it reads failed by itself."""
    read = () if node.atom is None else facts_of(node.atom)
    if len(read) == 1 and not isinstance(node.atom, Computed):
        yield read[0].group  # missing or not
        return
    missing = [fact.group for fact in read if reader_of(fact)(facts) is UNKNOWN]
    if missing:
        yield from missing
    elif isinstance(node.atom, Computed):
        yield "expr"
    else:
        yield from (fact.group for fact in read)
