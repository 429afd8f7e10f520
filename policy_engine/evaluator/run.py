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
                tried = _settle(unit.rules[position], facts, progress)
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
                    tried = _settle(unit.rules[position], facts, progress)
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


def _settle(rule: CompiledRule, facts: Facts, progress: Progress) -> Try | Needs:
    # The three-valued walk needs the whole graph; whoever imports `decide` should not wait for it.
    from policy_engine.evaluator.settle import settle

    return settle(rule, facts, progress)
