"""Every change to the policies tried against their tests: which are noticed, and what would notice the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from policy_engine.compiler.compile import compile_variant
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Address
from policy_engine.model.policy import Policy
from policy_engine.verify.mutate.case import KnownCase
from policy_engine.verify.mutate.equality import ends_in_default, is_same, is_swap_without_effect
from policy_engine.verify.mutate.mutant import Mutant
from policy_engine.verify.mutate.mutants import mutants_of
from policy_engine.verify.mutate.search import Search
from policy_engine.verify.mutate.witness import Witness, witness_of
from policy_engine.verify.run import passes
from policy_engine.verify.suite import Case, RuleExample, Suite


class Fate(StrEnum):
    """What became of a change."""

    NOTICED = "noticed"
    MISSED = "missed"
    EQUAL = "equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantResult:
    """
    One change that was tried.

    `noticed_by` is a test that fails with it; `witness` a request on which the two policies differ, with a case that
    would notice, None where none was found. A change is `equal` if it provably changes no decision.
    """

    mutant: Mutant
    fate: Fate
    noticed_by: str | None = None
    witness: Witness | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationResult:
    """Every change that was tried, in the order of the policy."""

    results: tuple[MutantResult, ...]

    def having(self, fate: Fate) -> tuple[MutantResult, ...]:
        """The changes of one fate."""
        return tuple(result for result in self.results if result.fate is fate)

    @property
    def percent(self) -> float:
        """How many of the changes that make a difference are noticed, in per cent; 100 if there are none."""
        noticed, missed = len(self.having(Fate.NOTICED)), len(self.having(Fate.MISSED))
        return 100.0 if noticed + missed == 0 else 100 * noticed / (noticed + missed)


def try_mutants(
    suite: Suite, policy_set: PolicySet, policy: Policy, *, on_tried: Callable[[int], None] | None = None
) -> MutationResult:
    """
    Tries every change to a policy against a suite that passes.

    Args:
        on_tried: told after each how many were tried.
    """
    trial = _Trial(suite, policy_set, policy)
    results = []
    for number, mutant in enumerate(mutants_of(policy), start=1):
        results.append(trial.result(mutant))
        if on_tried is not None:
            on_tried(number)
    return MutationResult(results=tuple(results))


class _Trial:
    """What trying needs to know about the tests: which rules each of them tries."""

    def __init__(self, suite: Suite, policy_set: PolicySet, policy: Policy) -> None:
        self._base = policy_set
        self._rules = {rule.rule.address: rule for rule in policy_set.rules}
        self._cases = [KnownCase.of(case, policy_set) for case in suite.cases]
        self._examples: dict[Address, list[RuleExample]] = {}
        for example in suite.examples:
            self._examples.setdefault(example.rule.address, []).append(example)
        self._search = Search(suite, policy_set, policy)

    def result(self, mutant: Mutant) -> MutantResult:
        """What becomes of one change."""
        variant = compile_variant(mutant.policy, self._base)
        if is_same(self._base, variant):
            return MutantResult(mutant=mutant, fate=Fate.EQUAL)
        for test, rule in self._relevant(mutant, variant):
            if not passes(test, variant, rule):
                return MutantResult(mutant=mutant, fate=Fate.NOTICED, noticed_by=test.name)
        if is_swap_without_effect(self._swapped(mutant, variant)) or ends_in_default(self._base, variant):
            return MutantResult(mutant=mutant, fate=Fate.EQUAL)
        found = self._search.difference(variant, mutant.rules)
        witness = (
            None if found is None else witness_of(found, self._base, variant, name=f"{mutant.owner}: {mutant.text}")
        )
        return MutantResult(mutant=mutant, fate=Fate.MISSED, witness=witness)

    def _relevant(self, mutant: Mutant, variant: PolicySet) -> Iterator[tuple[Case | RuleExample, CompiledRule | None]]:
        """The tests that the change can reach, those decided by a changed rule first; examples with their rule."""
        changed = {rule.rule.address: rule for rule in variant.rules if rule.rule.address in mutant.rules}
        for address in mutant.rules:
            yield from ((example, changed.get(address)) for example in self._examples.get(address, ()))
        swapped = self._swapped(mutant, variant)
        changes = [(self._rules[address], changed.get(address)) for address in mutant.rules]
        reached = [known for known in self._cases if known.is_reached_by(mutant, changes, is_swap=swapped is not None)]
        reached.sort(key=lambda known: known.decided_by not in mutant.rules)
        yield from ((known.case, None) for known in reached)

    def _swapped(self, mutant: Mutant, variant: PolicySet) -> tuple[CompiledRule, CompiledRule] | None:
        """The two rules that changed places, if that is the change."""
        before = [rule for rule in self._base.rules if rule.rule.address in mutant.rules]
        after = [rule for rule in variant.rules if rule.rule.address in mutant.rules]
        is_swap = len(before) == 2 and before == after[::-1]
        return (before[0], before[1]) if is_swap else None
