"""Conditions compiled once more into the graph that they are in, so that equal ones are the same nodes."""

from __future__ import annotations

from collections.abc import Mapping

from policy_engine.compiler.graph import Node
from policy_engine.compiler.normalise import node_of
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.scope import Scope
from policy_engine.diagnostics import Finding


def scope_of(policy_set: PolicySet, rule: str | None = None, *, worded: dict[Node, str] | None = None) -> Scope:
    """
    The surroundings in which a policy set's conditions were compiled.

    Args:
        rule: the name of the rule whose condition it is.
        worded: takes the words of each test that is compiled, the first ones for each node.
    """
    return Scope(
        declarations=policy_set.declarations,
        layout=policy_set.layout,
        interner=policy_set.interner,
        report=_ignore,
        compile=node_of,
        rule=rule,
        worded=worded,
    )


def words_of(rule: CompiledRule, policy_set: PolicySet) -> Mapping[Node, str]:
    """
    The tests of a rule in its own words.

    A node has the words of whoever wrote it first, `chars < 301`, say, where this rule has `chars <= 300`.
    """
    known = policy_set.words.get(rule.name)
    if known is None:
        known = {}
        if rule.rule.when is not None:
            node_of(rule.rule.when, scope_of(policy_set, rule.name, worded=known))
        policy_set.words[rule.name] = known
    return known


def _ignore(finding: Finding) -> None:
    """Takes a finding that was told when the policies were built."""
