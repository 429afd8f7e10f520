"""The evaluation graph: conditions as nodes, equal ones shared, each with what it reads and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import attrgetter
from typing import Any, TypeAlias

from policy_engine.compiler.atoms import Atom, InSet, IsTrue
from policy_engine.model.facts import Facts, Missing
from policy_engine.model.vocabulary import Fact, Stage


class Op(Enum):
    """What a node does with its children."""

    LEAF = "test"
    ALL = "all"
    ANY = "any"
    NOT = "not"

    __hash__ = object.__hash__  # an enumeration's own is written in Python, and parts of keys are hashed all the time


Truth: TypeAlias = bool | Missing
Probe: TypeAlias = Callable[[Facts], Truth]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """
    One node of the graph; the same object wherever it stands.

    Attributes:
        reads: bits (of the Layout) of all groups that it or its children read.
        cost: rank; cheaper children run first.
        groups: for a leaf, the (group, stage) pairs it reads.
        probe: for a leaf other than a score, its test: true, false, UNKNOWN or PENDING.
        text: for a leaf, the test as a person would write it.
        indexed: the fact by whose value the condition can be looked up, or None if it has to be run.
    """

    op: Op
    children: tuple[Node, ...] = ()
    atom: Atom | None = None
    reads: int = 0
    cost: int = 0
    groups: tuple[tuple[str, Stage], ...] = ()
    probe: Probe | None = None
    text: str = ""
    indexed: Fact | None = None


@dataclass(frozen=True, slots=True)
class Interner:
    """
    Makes nodes, and gives the same node for the same parts until it is told to forget it.

    It holds its nodes, as a table that does not takes a fifteenth of the time to compile a bundle; so whoever goes on
    using one after an edit has to say what to keep.
    """

    nodes: dict[Any, Node] = field(default_factory=dict)

    def leaf(self, atom: Atom, make: Callable[[], Node]) -> Node:
        """The node of an atom, made once."""
        return self._shared((Op.LEAF, atom), make)

    def scored(self, atom: Atom, parts: tuple[Node, ...], make: Callable[[], Node]) -> Node:
        """The node of a score test over these parts, made once."""
        return self._shared((Op.LEAF, atom, *map(id, parts)), make)

    def all_of(self, children: list[Node]) -> Node:
        """The conjunction of nodes, cheapest first; one child is itself."""
        return self._joined(Op.ALL, children)

    def any_of(self, children: list[Node]) -> Node:
        """The disjunction of nodes, cheapest first; one child is itself."""
        return self._joined(Op.ANY, children)

    def negation(self, child: Node) -> Node:
        """The opposite of a node; of a negation, what it negates."""
        if child.op is Op.NOT:
            return child.children[0]
        return self._shared((Op.NOT, id(child)), lambda: _negate(child))

    def keep(self, roots: Iterable[Node]) -> None:
        """Forgets all nodes but these and those below them."""
        kept: set[Node] = set()
        pending = list(roots)
        while pending:
            node = pending.pop()
            if node not in kept:
                kept.add(node)
                pending.extend(node.children)
        # Whoever analyses the policies that are live may be adding nodes at this moment: hence a list.
        for key, node in list(self.nodes.items()):
            if node not in kept:
                del self.nodes[key]

    def _joined(self, op: Op, children: list[Node]) -> Node:
        if len(children) == 1:
            return children[0]
        flat: dict[int, Node] = {}
        for child in children:
            if child.op is op:
                flat.update((id(node), node) for node in child.children)
            else:
                flat[id(child)] = child
        if len(flat) == 1:
            return next(iter(flat.values()))
        ordered = tuple(sorted(flat.values(), key=_cost))
        return self._shared((op, *map(id, ordered)), lambda: _join(op, ordered))

    def _shared(self, key: Any, make: Callable[[], Node]) -> Node:
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = make()
        return node


_cost = attrgetter("cost")


def _negate(child: Node) -> Node:
    by_value = child.indexed if isinstance(child.atom, InSet | IsTrue) else None
    return Node(op=Op.NOT, children=(child,), reads=child.reads, cost=child.cost, indexed=by_value)


def _join(op: Op, children: tuple[Node, ...]) -> Node:
    reads = 0
    for child in children:
        reads |= child.reads
    return Node(op=op, children=children, reads=reads, cost=sum(child.cost for child in children))


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """What must hold all at once for a node to hold; nothing for None."""
    if node is None:
        return ()
    return node.children if node.op is Op.ALL else (node,)


def leaves(node: Node) -> Iterator[Node]:
    """Every test below a node, those inside scores included, in order of evaluation."""
    if node.op is Op.LEAF:
        yield node
    for child in node.children:
        yield from leaves(child)
