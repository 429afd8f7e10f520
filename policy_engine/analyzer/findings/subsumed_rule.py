"""
subsumed-rule: a rule can be removed and no decision changes, because a broader one does the same.

Avoid:
    rules:
      - {name: replies, when: {task: [generate_reply, classify_intent]}, then: {route: fast}}
      - {name: short-replies, when: {task: generate_reply, message: {chars: {lt: 80}}}, then: {route: fast}}
Prefer:
    rules:
      - {name: replies, when: {task: [generate_reply, classify_intent]}, then: {route: fast}}
Why:
    A rule that changes nothing is read, tested and maintained for nothing, and whoever edits it will wonder why
    nothing happens. If it stands before the broader rule, it decides, but as the other would; the finding is made only
    if no rule between the two could decide otherwise. The witness is a request that both match.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding, name_of, place_of, taken
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Finding, Severity

CODE = "PE503"
NAME = "subsumed-rule"
SEVERITY = Severity.WARNING

FARTHEST = 40
"""How many rules after one are looked at for a broader one that does the same."""


def find(study: Study) -> Iterator[Finding]:
    """One finding for each rule that a broader one before or after it makes superfluous."""
    for fate in study.fates:
        rule = study.rules[fate.number]
        if fate.is_impossible:
            continue
        if not fate.covered_by:
            yield from _before_a_broader_one(study, fate.number)
        elif len(fate.covered_by) == 1 and study.outcomes[fate.number] == study.outcomes[fate.covered_by[0]]:
            broader = study.rules[fate.covered_by[0]]
            witness = None if _is_same(rule, broader) else taken(study, fate)
            if witness is not None:
                yield _finding(rule, broader, "and comes first", witness)


def _before_a_broader_one(study: Study, number: int) -> Iterator[Finding]:
    rule = study.rules[number]
    if rule.verdict is None or rule.rule.expires is not None:
        return
    matches = study.firings[number].matches
    sparse = study.sparse(number) or {}
    between: list[int] = []
    for other in range(number + 1, min(number + 1 + FARTHEST, len(study.rules))):
        broader = study.rules[other]
        is_alike = study.outcomes[other] == study.outcomes[number] and not study.fates[other].covered_by
        is_alike = is_alike and (broader.tasks is None or rule.tasks is None or broader.tasks >= rule.tasks)
        if (
            is_alike
            and study.solver.holds_in(study.firings[other].matches, sparse)
            and study.solver.is_impossible((matches, study.opposite(study.firings[other].matches)))
        ):
            yield from _told(study, number, other, between)
            return
        between.append(other)


def _told(study: Study, number: int, other: int, between: list[int]) -> Iterator[Finding]:
    """The finding, if no rule between the two has a say about what either of them matches."""
    firings, rule, broader = study.firings, study.rules[number], study.rules[other]
    matches = firings[number].matches
    fires = [study.speaks_at(one) for one in between]
    # `short`, `long`, `the rest`, of which the first and the last do the same, is a clear way to write that.
    if not all(study.solver.is_impossible((firings[other].matches, one)) for one in fires):
        return

    def is_shown(request: Mapping[str, Any]) -> bool:
        return study.oracle.decides(rule, request) and study.oracle.matches(broader, request)

    formulas = (matches, *study.past(study.before(number)))
    witness = study.witness(formulas, is_shown, seeds=study.seeds(rule))
    if witness is not None:
        yield _finding(rule, broader, "with nothing different between them", witness)


def _finding(rule: CompiledRule, broader: CompiledRule, how: str, witness: Mapping[str, Any]) -> Finding:
    return finding(
        sys.modules[__name__],
        f"rule `{rule.name}` changes nothing: `{broader.name}` matches whatever it would match, does the same, {how}",
        name_of(rule),
        help=f"remove it, or make `{broader.name}` narrower",
        related=(place_of(broader, "this rule does the same for more requests"),),
        witness=witness,
    )


def _is_same(rule: CompiledRule, other: CompiledRule) -> bool:
    return rule.node is other.node and rule.hit is other.hit and rule.on_unknown is other.on_unknown
