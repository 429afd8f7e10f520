"""One rule, compiled: its node, how it can be indexed, and what it decides or adds."""

from __future__ import annotations

from dataclasses import dataclass

from policy_engine.compiler.atoms import InSet, Search
from policy_engine.compiler.graph import Node, conjuncts
from policy_engine.diagnostics import Finding
from policy_engine.model.condition import Scalar
from policy_engine.model.effect import Modifiers
from policy_engine.model.plan import Verdict
from policy_engine.model.policy import OnUnknown, Rule

SCANNED = "message.text"
"""The text whose regexes are searched together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledRule:
    """
    One rule of the graph, equal only to itself.

    Attributes:
        node: its condition, or None if it always matches.
        hit: for `respond: {cache}`, the node that the cache has an answer.
        verdict: what it decides, or None for a modifier.
        tasks: the only tasks for which it can match, or None for any.
        reads: bits of all groups that it reads.
        conditions: everything that must hold for it to match, cheapest first.
        findings: what compiling it found.
    """

    rule: Rule
    node: Node | None
    hit: Node | None
    verdict: Verdict | None
    modifiers: Modifiers
    on_unknown: OnUnknown
    tasks: frozenset[Scalar] | None
    reads: int
    conditions: tuple[Node, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def name(self) -> str:
        """The rule's name."""
        return self.rule.name


def tasks_of(node: Node | None) -> frozenset[Scalar] | None:
    """The only tasks for which a condition can hold, or None if it does not say."""
    tasks: frozenset[Scalar] | None = None
    for part in conjuncts(node):
        if isinstance(part.atom, InSet) and part.atom.fact.name == "task":
            tasks = part.atom.values if tasks is None else tasks & part.atom.values
    return tasks


def is_scanned(node: Node) -> bool:
    """Whether a condition is a search that can be done together with others."""
    return isinstance(node.atom, Search) and node.atom.fact.name == SCANNED
