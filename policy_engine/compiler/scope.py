"""What a condition is compiled in: the bundle's declarations, the shared graph, and where findings go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from policy_engine.compiler.atoms import Atom, Computed
from policy_engine.compiler.graph import Interner, Node, Op
from policy_engine.compiler.pattern import PatternError
from policy_engine.compiler.probes import Traits, facts_of, probe_of, traits_of
from policy_engine.diagnostics import Finding
from policy_engine.model.condition import Condition
from policy_engine.model.layout import Layout
from policy_engine.model.policy import Declarations
from policy_engine.model.vocabulary import Fact, fact_named


@dataclass(slots=True, kw_only=True)
class Scope:
    """
    The surroundings of one condition.

    `compile` gives the node of a condition inside another; `answers` says whether facts about an answer may be read;
    `rule` is the rule's name, which salts samples, or None elsewhere; `path` holds the names of the conditions and
    scores being resolved, outermost first, so that a circle ends. `resolved`, `compared`, `expressions`, `problems`,
    `facts` and `traits` remember what was worked out before: nodes of named conditions, of comparisons and of
    expressions, what is wrong with patterns, facts by name, and what kinds of tests of them have in common. `worded`,
    if anybody wants to know, takes the words of each test, the first ones for each node.

    INVARIANT: nobody changes a field. It is not frozen since one is made for every rule, in a third of the time.
    """

    declarations: Declarations
    layout: Layout
    interner: Interner
    report: Callable[[Finding], None]
    compile: Callable[[Condition, Scope], Node]
    answers: bool = False
    rule: str | None = None
    path: tuple[str, ...] = ()
    resolved: dict[str, Node] = field(default_factory=dict)
    compared: dict[object, Node] = field(default_factory=dict)
    expressions: dict[tuple[str, bool], Node] = field(default_factory=dict)
    problems: dict[str, PatternError | None] = field(default_factory=dict)
    facts: dict[str, Fact | None] = field(default_factory=dict)
    traits: dict[tuple[type[Atom], tuple[Fact, ...]], Traits] = field(default_factory=dict)
    worded: dict[Node, str] | None = None

    def within(self, name: str) -> Scope:
        """The scope inside a named condition or score."""
        return replace(self, rule=None, path=(*self.path, name))

    def in_gate(self) -> Scope:
        """The scope of a cascade step's `accept`."""
        return replace(self, rule=None, answers=True)

    def in_rule(self, name: str, report: Callable[[Finding], None]) -> Scope:
        """The scope of a rule's own condition, with a place of its own for findings."""
        # `replace` would take three times as long.
        return Scope(
            declarations=self.declarations,
            layout=self.layout,
            interner=self.interner,
            report=report,
            compile=self.compile,
            rule=name,
            resolved=self.resolved,
            compared=self.compared,
            expressions=self.expressions,
            problems=self.problems,
            facts=self.facts,
            traits=self.traits,
        )

    def fact(self, name: str) -> Fact | None:
        """The fact of this dotted name, or None if there is none."""
        if name not in self.facts:
            self.facts[name] = fact_named(name, self.declarations)
        return self.facts[name]

    def leaf(self, atom: Atom, text: str) -> Node:
        """The shared node of an atom; `text` is how a person writes it."""
        return self.word(self.interner.leaf(atom, lambda: self._make_leaf(atom, text)), text)

    def word(self, node: Node, text: str) -> Node:
        """The node, whose words are taken down."""
        if self.worded is not None:
            self.worded.setdefault(node, text)
        return node

    def never(self) -> Node:
        """A stand-in for what could not be resolved; its finding is told by whoever found it."""
        return self.leaf(Computed("False", "false", ()), "false")

    def _make_leaf(self, atom: Atom, text: str) -> Node:
        key = (type(atom), facts_of(atom))
        traits = self.traits.get(key)
        if traits is None:
            traits = self.traits[key] = traits_of(*key)
        return Node(
            op=Op.LEAF,
            atom=atom,
            reads=sum([self.layout.bits.get(group, 0) for group, _ in traits.groups]),
            cost=traits.cost,
            groups=traits.groups,
            probe=probe_of(atom, self.declarations.assets),
            text=text,
            indexed=traits.indexed,
        )
