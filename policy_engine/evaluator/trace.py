"""The same decision with its reasons: every rule tried one by one, without index, and what settled it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.compiler.atoms import Scored
from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.probes import facts_of, reader_of
from policy_engine.compiler.reopened import words_of
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.conclude import conclude
from policy_engine.evaluator.only import restricted
from policy_engine.evaluator.possible import FALSE, TRUE, outcomes
from policy_engine.evaluator.progress import Needs, Progress, Try
from policy_engine.evaluator.settle import settle
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts, Missing
from policy_engine.model.quantity import Kind
from policy_engine.model.trace import Result, RuleTrace, TestTrace, Trace

LONGEST_VALUE = 80
"""Characters of a value that a trace shows; texts of a request are never shown."""


def run_traced(policy_set: PolicySet, facts: Facts) -> Decision | Needs:
    """The decision that `run` makes, with a trace, or the signals that a live rule needs first."""
    progress = Progress()
    traced: list[RuleTrace] = []
    verdict = policy_set.default
    for rule in policy_set.rules:
        before = len(progress.unknown)
        tried = settle(rule, facts, progress)
        if isinstance(tried, Needs):
            return tried
        traced.append(_trace(rule, words_of(rule, policy_set), facts, tried, len(progress.unknown) > before))
        if tried is Try.DEFAULT:
            break
        if tried is Try.MATCH and rule.verdict is not None:
            verdict = rule.verdict
            break
        if tried is Try.MATCH:
            progress.modifiers.append(rule)
            facts = restricted(policy_set, facts, progress.modifiers) if rule.modifiers.only else facts
    decision = conclude(policy_set, facts, verdict, progress)
    return decision if isinstance(decision, Needs) else decision.with_trace(Trace(rules=tuple(traced)))


def _trace(rule: CompiledRule, words: Mapping[Node, str], facts: Facts, tried: Try, left_unknown: bool) -> RuleTrace:
    possible = [outcomes(node, facts) for node in rule.conditions]
    unknown = left_unknown or (FALSE not in possible and any(one not in (TRUE, FALSE) for one in possible))
    return RuleTrace(
        rule=rule.name,
        result=_result(tried, unknown),
        tests=tuple(_telling_tests(rule, words, facts, tried)),
        place=f"{rule.rule.address.path}:{rule.rule.address.yaml_path}",
        terminal=rule.verdict is not None,
    )


def _result(tried: Try, unknown: bool) -> Result:
    if tried is Try.MATCH:
        return Result.UNKNOWN_MATCH if unknown else Result.MATCH
    if tried is Try.DEFAULT:
        return Result.UNKNOWN_DEFAULT
    return Result.UNKNOWN if unknown else Result.NO_MATCH


def _telling_tests(rule: CompiledRule, words: Mapping[Node, str], facts: Facts, tried: Try) -> Iterator[TestTrace]:
    """The tests that explain the result: those of conditions that do not hold, or all of a match."""
    for node in rule.conditions:
        if tried is Try.MATCH or outcomes(node, facts) != TRUE:
            seen = dict.fromkeys(leaf for leaf in leaves(node))
            negated = node.op is Op.NOT
            for leaf in seen:
                is_negated = negated and leaf is node.children[0]
                yield _test(leaf, words.get(leaf, leaf.text), facts, negated=is_negated)


def _test(leaf: Node, text: str, facts: Facts, *, negated: bool) -> TestTrace:
    possible = outcomes(leaf, facts)
    truth = "true" if possible == TRUE else "false" if possible == FALSE else "unknown"
    if negated:
        truth = {"true": "false", "false": "true"}.get(truth, truth)
    return TestTrace(text=f"not {text}" if negated else text, truth=truth, value=_value(leaf, facts))


def _value(leaf: Node, facts: Facts) -> Any:
    if leaf.atom is None or isinstance(leaf.atom, Scored):
        return None
    values = {fact.name: _shown(reader_of(fact)(facts)) for fact in facts_of(leaf.atom) if not _is_text(fact)}
    return next(iter(values.values())) if len(values) == 1 else values or None


def _is_text(fact: Any) -> bool:
    return fact.kind is Kind.TEXT and fact.name.endswith(".text")


def _shown(value: Any) -> Any:
    if isinstance(value, Missing):
        return None
    if isinstance(value, tuple):
        return list(value)
    return value[:LONGEST_VALUE] if isinstance(value, str) else value
