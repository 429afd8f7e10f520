"""Nodes as Python: two-valued programs, to be run only where nothing they read is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy_engine.compiler.atoms import Computed, HasAny, InSet, Interval, IsTrue, Scored
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.probes import member_test, unmistakable_members
from policy_engine.compiler.source import EXPRESSION_FUNCTIONS, compile_function, define_function, fact_source
from policy_engine.model.facts import Facts

Program = Callable[[Facts], bool]
First = Callable[[Facts], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a rule tests: a search of the message that can be done together with others, and the rest."""

    search: Node | None
    others: tuple[Node, ...]


class Undecided(ArithmeticError):
    """A test turned out unknown although its facts are there, such as a regex on a text that is too long."""


class Programs(dict[int, Program]):
    """
    Functions that say whether all nodes of a rule hold, by the rule's bit; each is written when first asked for.

    They may be called only for facts of which nothing that the nodes read is missing. They raise ArithmeticError where
    a test cannot tell; then the three-valued walk has to.
    """

    def __init__(self, nodes: Mapping[int, Sequence[Node]]) -> None:
        super().__init__()
        self._nodes = nodes

    def __missing__(self, bit: int) -> Program:
        program = self[bit] = program_of(self._nodes[bit])
        return program


def program_of(nodes: Sequence[Node]) -> Program:
    """The function that says whether all these nodes hold."""
    writer = Writer()
    source = " and ".join(writer.source(node) for node in sorted(nodes, key=lambda node: node.cost))
    return compile_function(source, {**EXPRESSION_FUNCTIONS, **writer.bound})


def first_of(tests: Sequence[Asked], found: Callable[[Facts], int] | None) -> First:
    """
    A function that gives the position of the first of some rules that holds, or -1. It is called and raises like a
    program.

    Args:
        found: bits of the rules whose search succeeds, by position.
    """
    writer = Writer()
    once = sum(test.search is not None for test in tests) == 1
    searched = "found(f)" if once else "(s if s is not None else (s := found(f)))"
    lines = []
    for position, test in enumerate(tests):
        parts = [(node.cost, writer.source(node)) for node in test.others]
        if test.search is not None:
            parts.append((test.search.cost, f"{searched} & {1 << position}"))
        condition = " and ".join(source for _, source in sorted(parts, key=lambda part: part[0])) or "True"
        lines.append(f"if {condition}: return {position}")
    return define_function(["s = None", *lines, "return -1"], {**EXPRESSION_FUNCTIONS, **writer.bound, "found": found})


class Writer:
    """Writes the source of nodes; what cannot be written inline is bound to numbered names."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}

    def source(self, node: Node) -> str:
        """Python that is true where the node is."""
        if node.op is Op.NOT:
            return f"(not {self.source(node.children[0])})"
        if node.op is not Op.LEAF:
            joint = " and " if node.op is Op.ALL else " or "
            return "(" + joint.join(map(self.source, node.children)) + ")"
        return self._leaf(node)

    def _leaf(self, node: Node) -> str:
        atom = node.atom
        match atom:
            case InSet(fact=fact, values=values) if len(values) == 1:
                return f"({fact_source(fact)} == {self.name(next(iter(values)))})"
            case InSet(fact=fact, values=values):
                return f"({fact_source(fact)} in {self.name(values)})"
            case Interval(fact=fact, low=low, high=high):
                return self._between(fact_source(fact), low, high)
            case IsTrue(fact=fact):
                return fact_source(fact)
            case HasAny(fact=fact, values=values):
                unmistakable = unmistakable_members(values)
                if unmistakable is not None:
                    return f"(not {self.name(unmistakable)}.isdisjoint({fact_source(fact)}))"
                return f"{self.name(member_test(values))}({fact_source(fact)})"
            case Computed(source=source):
                return source
            case Scored():
                return self._scored(atom, node.children)
        return f"{self.name(_decided(node))}(f)"

    def _scored(self, atom: Scored, parts: tuple[Node, ...]) -> str:
        terms = [f"{points} * {self.source(part)}" for points, part in zip(atom.points, parts, strict=True)]
        return self._between("(" + " + ".join(terms) + ")", atom.low, atom.high)

    def _between(self, value: str, low: float | None, high: float | None) -> str:
        left = "" if low is None else f"{self.name(low)} <= "
        right = "" if high is None else f" < {self.name(high)}"
        return f"({left}{value}{right})"

    def name(self, value: Any) -> str:
        """The name to which a value is bound."""
        name = f"v{len(self.bound)}"
        self.bound[name] = value
        return name


def _decided(node: Node) -> Callable[[Facts], bool]:
    """The test of a leaf that is dear enough to be remembered, for whatever else asks it of the same request."""
    probe = node.probe
    assert probe is not None

    def test(facts: Facts) -> bool:
        known = facts.outcomes.get(node)
        if known is None:
            truth = probe(facts)
            known = _OUTCOMES.get(truth, 0)
            if known:
                facts.outcomes[node] = known
        if known == _TRUE:
            return True
        if known == _FALSE:
            return False
        raise Undecided

    return test


_TRUE, _FALSE = 1, 2  # as `evaluator.possible` writes them
_OUTCOMES: dict[object, int] = {True: _TRUE, False: _FALSE}
