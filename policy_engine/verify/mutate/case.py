"""A case that passes, with what it tries: enough to tell that a change cannot reach it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from policy_engine.compiler.graph import leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Address
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.possible import FALSE, MAYBE, TRUE, outcomes
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.vocabulary import Stage
from policy_engine.verify.mutate.mutant import Mutant
from policy_engine.verify.suite import Case

Changed = tuple[CompiledRule, "CompiledRule | None"]
"""A rule as it is, and as a change leaves it; None where it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """
    A case, with the addresses of the rules that it tries and of the one that decides (None: `default`).

    `facts` are those on which it is decided, signals that it does not supply being unknown; None where a modifier takes
    some of them away on the way.
    """

    case: Case
    tried: frozenset[Address]
    decided_by: Address | None
    facts: Facts | None = field(repr=False)

    @classmethod
    def of(cls, case: Case, policy_set: PolicySet) -> KnownCase:
        """What is known about a case."""
        decision = decide(policy_set, case.request, trace=True)
        traced = () if decision.trace is None else decision.trace.rules
        tried = [rule.rule.address for rule in policy_set.rules[: len(traced)]]
        facts = Facts(case.request, policy_set.layout)
        return cls(
            case=case,
            tried=frozenset(tried),
            decided_by=None if decision.rule is None else tried[-1],
            facts=None if decision.modifiers.get("only") else _settled(facts, policy_set),
        )

    def is_reached_by(self, mutant: Mutant, changes: Iterable[Changed], *, is_swap: bool) -> bool:
        """Whether a change can make a difference to it; `is_swap` tells that two rules only change places."""
        if mutant.is_default and self.decided_by is None:
            return True
        if self.facts is None:
            return not self.tried.isdisjoint(mutant.rules)
        if is_swap:
            return all(_outcome(rule, self.facts) != _NEVER for rule, _ in changes)
        return any(_is_felt(rule, changed, self.facts) for rule, changed in changes if rule.rule.address in self.tried)


def _settled(facts: Facts, policy_set: PolicySet) -> Facts:
    """The facts once every signal that nobody supplied is known to be unknown."""
    read = (leaf for rule in policy_set.rules for node in rule.conditions for leaf in leaves(node))
    signals = {group for leaf in read for group, stage in leaf.groups if stage is not Stage.REQUEST}
    return facts.knowing({group: UNKNOWN for group in signals if group not in facts.signals})


def _is_felt(rule: CompiledRule, changed: CompiledRule | None, facts: Facts) -> bool:
    before = _outcome(rule, facts)
    if changed is None or (changed.node is rule.node and changed.hit is rule.hit):
        return before != _NEVER  # what it does is changed, not when
    after = _outcome(changed, facts)
    return before != after or MAYBE in before or changed.verdict != rule.verdict


_Outcome = tuple[int, int]
_NEVER = (FALSE, TRUE)


def _outcome(rule: CompiledRule, facts: Facts) -> _Outcome:
    """How a rule's condition and its cache come out; nodes remember that for the next change."""
    condition = TRUE if rule.node is None else outcomes(rule.node, facts)
    return (condition, TRUE) if condition == FALSE or rule.hit is None else (condition, outcomes(rule.hit, facts))
