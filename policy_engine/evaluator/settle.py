"""Trying one rule where something it reads is missing: the three-valued walk, and which signals it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.possible import FALSE, MAYBE, TRUE, all_outcomes, blamed, is_settled, outcomes, pending
from policy_engine.evaluator.progress import Needs, Progress, Try
from policy_engine.model.facts import Facts
from policy_engine.model.policy import OnUnknown


def settle(rule: CompiledRule, facts: Facts, progress: Progress) -> Try | Needs:
    """
    How trying one rule ends where something it reads is missing.

    Signals are asked for in stages, and only while the rule can still become true (with `on_unknown: match` or
    `default`: while it is open).
    """
    conditions = () if rule.node is None else (rule.node,)
    possible = all_outcomes(conditions, facts)
    hit = TRUE if rule.hit is None else outcomes(rule.hit, facts)
    if _is_open(rule, possible, hit):
        asked = list(pending(conditions if not is_settled(possible) else (rule.hit,) if rule.hit else (), facts))
        if asked:
            stage = min(stage for stage, _ in asked)
            return Needs(tuple(dict.fromkeys(group for at, group in asked if at is stage)))
    return _settled(rule, facts, possible, hit, progress)


def _is_open(rule: CompiledRule, possible: int, hit: int) -> bool:
    if rule.on_unknown is OnUnknown.SKIP:
        return bool(possible & TRUE and hit & TRUE) and not (possible == TRUE and hit == TRUE)
    return not is_settled(possible) or (possible != FALSE and not is_settled(hit))


def settle_or_give_up(rule: CompiledRule, facts: Facts, progress: Progress) -> tuple[Try | Needs, Facts]:
    """The same where nobody has to be asked for what is known to be unanswerable; with the facts as they are then."""
    tried = settle(rule, facts, progress)
    while isinstance(tried, Needs) and facts.unanswerable.issuperset(tried.signals):
        facts = give_up(tried.signals, facts, progress)
        tried = settle(rule, facts, progress)
    return tried, facts


def give_up(signals: tuple[str, ...], facts: Facts, progress: Progress | None) -> Facts:
    """
    The facts with these signals unknown: what asking for them in vain, and then beginning anew, would come to.

    How rules before turned out stays as it is, since they did not wait for these; what is to blame for it may not.
    """
    facts = facts.lacking(signals)
    if progress is not None and progress.doubted:
        progress.unknown = {name for rule in progress.doubted for name in _blamed(rule, facts)}
    return facts


def _settled(rule: CompiledRule, facts: Facts, possible: int, hit: int, progress: Progress) -> Try:
    if (possible | hit) & MAYBE:
        progress.doubted.append(rule)
        progress.unknown.update(_blamed(rule, facts))
    if possible == FALSE or (hit == FALSE and rule.on_unknown is OnUnknown.SKIP):
        return Try.NEXT
    if possible & MAYBE:
        if rule.on_unknown is OnUnknown.DEFAULT:
            return Try.DEFAULT
        if rule.on_unknown is OnUnknown.SKIP:
            return Try.NEXT
    return Try.MATCH if hit == TRUE else Try.NEXT


def _blamed(rule: CompiledRule, facts: Facts) -> Iterator[str]:
    """What leaves a rule unknown, by name; nothing if it is surely out."""
    possible = TRUE if rule.node is None else outcomes(rule.node, facts)
    hit = TRUE if rule.hit is None else outcomes(rule.hit, facts)
    if possible == FALSE or (hit == FALSE and rule.on_unknown is OnUnknown.SKIP):
        return
    if possible & MAYBE and rule.node is not None:
        yield from blamed(rule.node, facts)
        if rule.on_unknown is not OnUnknown.MATCH:
            return
    if hit & MAYBE and rule.hit is not None:
        yield from blamed(rule.hit, facts)
