"""The compiled graph on the facts of one request: rules in order until one decides, or until a signal is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.conclude import Needs, conclude
from policy_engine.evaluator.possible import FALSE, MAYBE, TRUE, all_outcomes, blamed, is_settled, outcomes, pending
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.policy import OnUnknown


class Try(Enum):
    """How trying one rule ended, as far as deciding goes."""

    MATCH = "match"
    NEXT = "next"
    DEFAULT = "default"


@dataclass(slots=True)
class Progress:
    """What has been gathered on the way: modifiers that matched, and names of what was unknown."""

    modifiers: list[CompiledRule] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)


def run(policy_set: PolicySet, facts: Facts) -> Decision | Needs:
    """
    The decision for some facts, or the signals that a live rule needs first.

    It is pure: the same policies and facts give the same answer, and asking again with more facts only continues.
    """
    missing = facts.missing
    progress: Progress | None = None
    for unit in policy_set.cells.get(facts.task, policy_set.general):  # type: ignore[arg-type]  # None has no cell
        reads, programs = unit.reads, unit.programs
        unscanned, unsure = unit.searching, 0
        alive = unit.narrow(facts)
        while alive:
            bit = alive & -alive
            position = bit.bit_length() - 1
            if reads[position] & missing or bit & unsure:
                progress = progress or Progress()
                tried = settle(unit.rules[position], facts, progress)
            elif bit & unscanned and unit.scanner is not None:
                alive, unsure = unit.scanner.alive(facts, alive)
                unscanned = 0
                continue
            else:
                program = programs[position]
                try:
                    if program is not None and not program(facts):
                        alive ^= bit
                        continue
                    tried = Try.MATCH
                except ArithmeticError:
                    progress = progress or Progress()
                    tried = settle(unit.rules[position], facts, progress)
            if tried is Try.MATCH:
                rule = unit.rules[position]
                if rule.verdict is not None:
                    return conclude(policy_set, facts, rule.verdict, progress)
                progress = progress or Progress()
                progress.modifiers.append(rule)
            elif tried is not Try.NEXT:
                return tried if isinstance(tried, Needs) else conclude(policy_set, facts, policy_set.default, progress)
            alive ^= bit
    return conclude(policy_set, facts, policy_set.default, progress)


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


def _settled(rule: CompiledRule, facts: Facts, possible: int, hit: int, progress: Progress) -> Try:
    if possible == FALSE or (hit == FALSE and rule.on_unknown is OnUnknown.SKIP):
        return Try.NEXT
    if possible & MAYBE and rule.node is not None:
        progress.unknown.update(blamed(rule.node, facts))
        if rule.on_unknown is OnUnknown.DEFAULT:
            return Try.DEFAULT
        if rule.on_unknown is OnUnknown.SKIP:
            return Try.NEXT
    if hit & MAYBE and rule.hit is not None:
        progress.unknown.update(blamed(rule.hit, facts))
    return Try.MATCH if hit == TRUE else Try.NEXT
