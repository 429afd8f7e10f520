"""The search for a request on which a changed policy decides otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import product
from typing import Any, Final

from policy_engine.compiler.graph import Node, leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.diagnostics import Address
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.possible import FALSE, TRUE, all_outcomes
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.policy import Policy
from policy_engine.model.request import Request
from policy_engine.verify.load import request_of
from policy_engine.verify.mutate.edit import Written
from policy_engine.verify.mutate.knobs import Knob, knobs_of, knobs_of_splits
from policy_engine.verify.mutate.witness import Found
from policy_engine.verify.suite import Suite

MOST_TRIED: Final = 1_500
"""How many requests are tried for one change."""

_SEEDS_FOR_PAIRS = 6
_TRIED_FOR_CLEARER = 400
_MOST_MASKED = 24
_EMPTY: Written = {"input": "Could you please look into it?"}


class Search:
    """Looks for requests near those of the tests, which are known to reach every part of the policy that is tested."""

    def __init__(self, suite: Suite, policy_set: PolicySet, policy: Policy) -> None:
        self._base = policy_set
        self._policy = policy
        unique = {json.dumps(test.written, sort_keys=True, default=str): test.written for test in suite}
        self._seeds = [self._found(written) for written in (*unique.values(), _EMPTY)]

    def difference(self, variant: PolicySet, rules: frozenset[Address]) -> Found | None:
        """
        A request that the two decide differently; None if none was found among those tried.

        One on which another rule decides, or something else is done, is preferred to one that only leaves other names
        unknown.
        """
        pair = _Pair(self._base, variant, rules)
        masked: list[tuple[Written, str]] = []
        faint: Found | None = None
        left = MOST_TRIED
        for written in self._every(pair, masked):
            found = self._found(written)
            left -= 1
            if found is not None and pair.reacts(found.request):
                contrast = pair.contrast(found.request)
                if contrast is _Contrast.CLEAR:
                    return found
                if contrast is _Contrast.FAINT and faint is None:
                    faint, left = found, min(left, _TRIED_FOR_CLEARER)
                if contrast is _Contrast.NONE and len(masked) < _MOST_MASKED:
                    masked += pair.masked(found)
            if left <= 0:
                break
        return faint

    def _every(self, pair: _Pair, masked: list[tuple[Written, str]]) -> Iterator[Written]:
        """The candidates; then those in which another rule stood before the changed one, to get it out of the way."""
        yield from self._candidates(pair)
        for written, rule in masked:  # it grows while this goes on
            yield from _turned_once(iter((written,)), knobs_of(pair.leaves_of(rule)))

    def _found(self, written: Written) -> Found | None:
        try:
            return Found(written=written, request=request_of(written, self._policy))
        except ValueError:
            return None

    def _candidates(self, pair: _Pair) -> Iterator[Written]:
        """The tests' requests; then with one thing changed, then with two, those first that nearly get there."""
        seeds = [seed for seed in self._seeds if seed is not None]
        seeds.sort(key=lambda seed: pair.distance(seed.request))
        yield from (seed.written for seed in seeds)
        changed, others = (*pair.split_knobs(), *knobs_of(pair.changed())), knobs_of(pair.leaves())
        near = seeds[:_SEEDS_FOR_PAIRS]
        yield from _turned_once((seed.written for seed in near), changed)
        yield from _turned_twice([seed.written for seed in near], changed, others)
        yield from _turned_once((seed.written for seed in seeds[_SEEDS_FOR_PAIRS:]), changed)


class _Contrast(Enum):
    """How far two decisions differ: in what is done, only in what is noted, or not at all."""

    CLEAR = "clear"
    FAINT = "faint"
    NONE = "none"


class _Pair:
    """Two policies, and the rules in which they differ."""

    def __init__(self, base: PolicySet, variant: PolicySet, rules: frozenset[Address]) -> None:
        self._base = base
        self._variant = variant
        self._ours = _conditions(base, rules)
        self._theirs = _conditions(variant, rules)
        self._names = {rule.name for rule in base.rules if rule.rule.address in rules}

    def contrast(self, request: Request) -> _Contrast:
        """How far the two decide otherwise."""
        ours, theirs = decide(self._base, request), decide(self._variant, request)
        if _done(ours) != _done(theirs):
            return _Contrast.CLEAR
        return _Contrast.NONE if ours.notes == theirs.notes else _Contrast.FAINT

    def reacts(self, request: Request) -> bool:
        """Whether a changed rule may come out otherwise, or, where its condition is the same, may match."""
        if not self._ours:
            return True
        facts = Facts(request, self._base.layout)
        return any(self._reacts(address, facts) for address in self._ours)

    def _reacts(self, address: Address, facts: Facts) -> bool:
        ours, theirs = self._ours[address], self._theirs.get(address)
        outcome = all_outcomes(ours, facts)
        return outcome != FALSE if theirs is None or ours == theirs else outcome != all_outcomes(theirs, facts)

    def masked(self, found: Found) -> Iterator[tuple[Written, str]]:
        """The request with the rule that decides it before a changed one is tried, if that is so."""
        rule = decide(self._base, found.request).rule
        if rule is not None and rule not in self._names:
            yield found.written, rule

    def leaves_of(self, rule: str) -> list[Node]:
        """The tests of one rule of the unchanged policy."""
        return [
            leaf for one in self._base.rules if one.name == rule for node in one.conditions for leaf in leaves(node)
        ]

    def distance(self, request: Request) -> int:
        """How many of the rules' conditions do not hold, so that the nearest request comes first."""
        facts = Facts(request, self._base.layout)
        return min((_unmet(conditions, facts) for conditions in self._ours.values()), default=0)

    def changed(self) -> list[Node]:
        """The tests that only one of the two has; all, where both have the same."""
        ours, theirs = set(_leaves(self._ours)), set(_leaves(self._theirs))
        return [leaf for leaf in self.leaves() if (leaf in ours) != (leaf in theirs)] or self.leaves()

    def split_knobs(self) -> tuple[Knob, ...]:
        """The keys beside where shares end, of routes that the two split otherwise."""
        theirs = {rule.rule.address: rule.verdict for rule in self._variant.rules}
        pairs = [
            (rule.verdict, theirs.get(address))
            for rule in self._base.rules
            if (address := rule.rule.address) in self._ours
        ]
        pairs.append((self._base.default, self._variant.default))
        changed = (verdict for ours, other in pairs if ours != other for verdict in (ours, other))
        return knobs_of_splits(filter(None, changed), self._base.declarations)

    def leaves(self) -> list[Node]:
        """The tests of the rules in both, each once."""
        return list(dict.fromkeys((*_leaves(self._ours), *_leaves(self._theirs))))


_Conditions = dict[Address, tuple[Node, ...]]


def _conditions(policy_set: PolicySet, rules: frozenset[Address]) -> _Conditions:
    return {rule.rule.address: rule.conditions for rule in policy_set.rules if rule.rule.address in rules}


def _leaves(conditions: _Conditions) -> Iterator[Node]:
    return (leaf for nodes in conditions.values() for node in nodes for leaf in leaves(node))


def _unmet(conditions: Sequence[Node], facts: Facts) -> int:
    return sum(all_outcomes((node,), facts) != TRUE for node in conditions)


def _done(decision: Decision) -> tuple[Any, ...]:
    """Everything that a decision says to do."""
    verdict = decision.verdict
    return verdict.rule, verdict.effect, verdict.first, verdict.plan, decision.modifiers, frozenset(decision.tags)


def _turned_once(seeds: Iterator[Written], knobs: Sequence[Knob]) -> Iterator[Written]:
    for written, knob in product(seeds, knobs):
        turned = knob.turned(written)
        if turned is not None:
            yield turned


def _turned_twice(seeds: Sequence[Written], first: Sequence[Knob], second: Sequence[Knob]) -> Iterator[Written]:
    for written in seeds:
        for other in second:
            once = other.turned(written)
            if once is not None:
                yield from _turned_once(iter((once,)), [knob for knob in first if knob.fact != other.fact])
