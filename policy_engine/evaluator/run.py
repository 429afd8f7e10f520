"""The compiled graph on the facts of one request: rules in order until one decides, or until a signal is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.evaluator.conclude import conclude
from policy_engine.evaluator.progress import Needs, Progress, Try

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.compiler.rule import CompiledRule
    from policy_engine.model.decision import Decision
    from policy_engine.model.facts import Facts

_FALSE = 2  # as `compiler.surely` writes it


def run(policy_set: PolicySet, facts: Facts) -> Decision | Needs:
    """
    The decision for some facts, or the signals that a live rule needs first.

    It is pure: the same policies and facts give the same answer, and asking again with more facts only continues. It is
    one long function, since a call for each rule would cost more than most rules do.
    """
    shortcut = policy_set.shortcuts.get(facts.task)  # type: ignore[arg-type]  # None has none
    if shortcut is not None and (decision := shortcut.decision(facts)) is not None:
        return decision
    missing = facts.missing
    progress: Progress | None = None
    seen = 0 if facts.message is None else -1
    units = policy_set.cells.get(facts.task)  # type: ignore[arg-type]  # None has no cell
    for unit in policy_set.rest.units() if units is None else units:
        doubtful = unit.doubtful(missing) if missing & unit.reading else 0
        if unit.first is not None and not doubtful:
            try:
                first = unit.first(facts)
            except ArithmeticError:
                pass  # something turned out unknown: rule by rule, then
            else:
                if first < 0:
                    continue
                verdict = unit.rules[first].verdict
                if verdict is not None:
                    return conclude(policy_set, facts, verdict, progress)
        alive = unit.narrow(facts)
        if not alive:
            continue
        programs, tested, unscanned = unit.programs, unit.tested, unit.searching
        while alive:
            bit = alive & -alive
            tried: Try | Needs = Try.MATCH
            if bit & doubtful and not bit & unscanned & seen:
                try:
                    sure = unit.sure[bit](facts)
                except ArithmeticError:
                    sure = 0
                if sure == _FALSE:
                    alive ^= bit
                    continue
                if not sure:
                    progress = progress or Progress()
                    tried, facts = _settle(unit.rules[bit.bit_length() - 1], facts, progress)
            elif bit & unscanned:
                alive, unsure = unit.scanner.alive(facts, alive)  # type: ignore[union-attr]  # what searches has one
                doubtful |= unsure
                unscanned = 0
                continue
            elif bit & tested:
                try:
                    if not programs[bit](facts):
                        alive ^= bit
                        continue
                except ArithmeticError:
                    progress = progress or Progress()
                    tried, facts = _settle(unit.rules[bit.bit_length() - 1], facts, progress)
            if tried is Try.MATCH:
                rule = unit.rules[bit.bit_length() - 1]
                if rule.verdict is not None:
                    return conclude(policy_set, facts, rule.verdict, progress)
                progress = progress or Progress()
                progress.modifiers.append(rule)
                if rule.modifiers.only:
                    facts = _restricted(policy_set, facts, progress)
                    missing = facts.missing
                    doubtful |= unit.doubtful(missing)
            elif tried is not Try.NEXT:
                return tried if isinstance(tried, Needs) else conclude(policy_set, facts, policy_set.default, progress)
            alive ^= bit
    return conclude(policy_set, facts, policy_set.default, progress)


def _restricted(policy_set: PolicySet, facts: Facts, progress: Progress) -> Facts:
    from policy_engine.evaluator.only import restricted

    return restricted(policy_set, facts, progress.modifiers)


def _settle(rule: CompiledRule, facts: Facts, progress: Progress) -> tuple[Try | Needs, Facts]:
    # The three-valued walk needs the whole graph; whoever imports `decide` should not wait for it.
    from policy_engine.evaluator.settle import settle_or_give_up

    return settle_or_give_up(rule, facts, progress)
