"""For each change of a rule a request that shows it: one that both versions really decide differently because of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.model.decision import Decision
from policy_engine.replay.changes import Change, Kind, changes_between
from policy_engine.replay.drafts import drafts, smallest
from policy_engine.replay.pairs import Move, Pair
from policy_engine.replay.wishes import Wish, Wishes, joined, merged

_TRIES = 3_000
"""So many requests are tried for one change."""
_SEEDS = 12
_COMBINED = 30
_REFINED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A change, and a request that shows it; None if none was found, which proves nothing."""

    change: Change
    witness: Move | None


def witnessed(pair: Pair, seeds: Sequence[Mapping[str, Any]] = ()) -> tuple[Shown, ...]:
    """
    Every change of a rule between two versions, each with a witness where one is found.

    Requests are made from the conditions of the rules concerned, at the edges of their tests, and from seeds. Each
    witness was decided by both versions.

    Args:
        seeds: requests that people have written, such as rules' examples and test cases.
    """
    search = _Search(pair, seeds)
    changes = changes_between(pair.old, pair.new)
    return tuple(Shown(change=change, witness=search.witness(change)) for change in changes)


class _Search:
    def __init__(self, pair: Pair, seeds: Sequence[Mapping[str, Any]]) -> None:
        self._pair = pair
        self._seeds = seeds
        self._old = {rule.name: rule for rule in pair.old.rules}
        self._new = {rule.name: rule for rule in pair.new.rules}
        self._wishes = Wishes(pair.old.layout), Wishes(pair.new.layout)

    def witness(self, change: Change) -> Move | None:
        for request in islice(self._candidates(change), _TRIES):
            move = self._move(request, change.rule)
            if move is not None:
                return self._small(move)
        return None

    def _move(self, request: Mapping[str, Any], rule: str | None) -> Move | None:
        try:
            seen = self._pair.see(request)
        except ValueError:
            return None
        if seen.cause is None or seen.cause.rule != rule:
            return None
        return Move(request=request, before=seen.before, after=seen.after, cause=seen.cause)

    def _small(self, move: Move) -> Move:
        def shows(request: Mapping[str, Any]) -> bool:
            found = self._move(request, move.cause.rule)
            return found is not None and found.cause == move.cause

        request = smallest(move.request, shows)
        return self._move(request, move.cause.rule) or move

    def _candidates(self, change: Change) -> Iterator[Mapping[str, Any]]:
        if change.rule is None:
            yield from ({}, *self._seeds)
            return
        wishes = list(self._wished(change))
        for wish in wishes:
            yield from drafts(wish, {})
            yield from self._refined(change.rule, wish)
        yield from self._with_others(change.rule, wishes[:_COMBINED])
        for base in self._bases(change.rule):
            for wish in wishes[:_COMBINED]:
                yield from drafts(wish, base)
        yield from self._seeds

    def _bases(self, name: str) -> list[Mapping[str, Any]]:
        """Seeds to start from: the rule's own examples, then others."""
        rules = [rule for rule in (self._old.get(name), self._new.get(name)) if rule is not None]
        own = [example.request for rule in rules for example in rule.rule.examples]
        return [*own, *self._seeds][:_SEEDS]

    def _with_others(self, name: str, wishes: Sequence[Wish]) -> Iterator[Mapping[str, Any]]:
        """The same wishes and those of a rule further down, which decides where this one does not."""
        for policy_set, maker in ((self._pair.old, self._wishes[0]), (self._pair.new, self._wishes[1])):
            places = [place for place, rule in enumerate(policy_set.rules) if rule.name == name]
            for other in policy_set.rules[places[0] + 1 :] if places else ():
                theirs = maker.for_(other.node, holds=True)[:3]
                for wish in joined([list(wishes), theirs]) if other.verdict is not None else ():
                    yield from islice(drafts(wish, {}), 1)

    def _wished(self, change: Change) -> Iterator[Wish]:
        """What would have to be so for the change to show."""
        name = change.rule or ""
        old, new = self._old.get(name), self._new.get(name)
        if change.kind is Kind.MOVED and old is not None and new is not None:
            yield from self._overlaps(old, new)
        if old is not None and new is not None and old.node is not new.node:
            for before, after in ((True, False), (False, True)):
                parts = [self._wishes[0].for_(old.node, holds=before), self._wishes[1].for_(new.node, holds=after)]
                yield from joined(parts)
        for rule, wishes in ((new, self._wishes[1]), (old, self._wishes[0])):
            if rule is not None:
                yield from wishes.for_(rule.node, holds=True)
                yield from _unknowns(rule)

    def _overlaps(self, old: CompiledRule, new: CompiledRule) -> Iterator[Wish]:
        """Requests that match a moved rule and one that it has overtaken, or been overtaken by."""
        before = {rule.name: place for place, rule in enumerate(self._pair.old.rules)}
        after = {rule.name: place for place, rule in enumerate(self._pair.new.rules)}
        own = self._wishes[1].for_(new.node, holds=True)
        for name in before:
            if name not in after or name == old.name:
                continue
            if (before[name] < before[old.name]) is not (after[name] < after[old.name]):
                yield from islice(joined([own, self._wishes[1].for_(self._new[name].node, holds=True)]), 40)

    def _refined(self, name: str, wish: Wish) -> Iterator[Mapping[str, Any]]:
        """The same request again and again, without what makes rules before this one decide it."""
        for _ in range(_REFINED):
            request = next(drafts(wish, {}), None)
            obstacle = None if request is None else self._obstacle(name, request)
            better = None if obstacle is None else self._around(obstacle, wish)
            if better is None:
                return
            wish = better
            yield from drafts(wish, {})

    def _around(self, obstacle: tuple[CompiledRule, Wishes], wish: Wish) -> Wish | None:
        rule, wishes = obstacle
        for other in wishes.for_(rule.node, holds=False):
            found = merged((wish, other))
            if found is not None and found != wish:
                return found
        return None

    def _obstacle(self, name: str, request: Mapping[str, Any]) -> tuple[CompiledRule, Wishes] | None:
        """A rule that decides a request before the rule of this name could."""
        try:
            seen = self._pair.see(request)
        except ValueError:
            return None
        for side, decision in enumerate((seen.before, seen.after)):
            rule = _decider(decision, (self._pair.old, self._pair.new)[side])
            if rule is not None and rule.name != name and _comes_before(rule.name, name, self._set(side)):
                return rule, self._wishes[side]
        return None

    def _set(self, side: int) -> PolicySet:
        return self._pair.new if side else self._pair.old


def _decider(decision: Decision, policy_set: PolicySet) -> CompiledRule | None:
    return next((rule for rule in policy_set.rules if rule.name == decision.rule), None)


def _comes_before(first: str, second: str, policy_set: PolicySet) -> bool:
    for rule in policy_set.rules:
        if rule.name in (first, second):
            return rule.name == first
    return False


def _unknowns(rule: CompiledRule) -> Iterable[Wish]:
    """Nothing said at all: for rules whose `on_unknown` has changed."""
    return ({},) if rule.node is not None else ()
