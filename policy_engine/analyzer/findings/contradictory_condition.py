"""
contradictory-condition: a condition, or one of its alternatives, can never hold.

Avoid:
    rules:
      - name: eu-pro
        when: {all: [{attributes: {plan: pro}}, {attributes: {plan: {in: [free, enterprise]}}}]}
        then: {route: frontier}
Prefer:
    rules:
      - name: eu-pro
        when: {attributes: {plan: [pro, enterprise]}}
        then: {route: frontier}
Why:
    Its parts exclude each other, so whatever depends on it never happens. Often two values were meant as alternatives
    (a list, or `any`), or a rule stands in a file whose own `when` is about something else. The witness, where there is
    one, satisfies everything but the part that the finding points at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from policy_engine.analyzer.findings.threshold_never_fires import is_told_there
from policy_engine.analyzer.parts import Written, context_of, parts_of, written_conditions
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.compiler.graph import Node
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.model.condition import AllOf, AnyOf
from policy_engine.model.policy import OnUnknown

CODE = "PE505"
NAME = "contradictory-condition"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each smallest part that can never hold."""
    untold = {study.rules[fate.number]: True for fate in study.fates if fate.is_impossible}
    for written in written_conditions(study):
        found = list(_within(context_of(written), study))
        yield from found
        if written.rule in untold and (found or any(is_told_there(part, study) for part in _all_parts(written))):
            untold[written.rule] = False
    for rule, is_untold in untold.items():
        if is_untold:
            yield from _whole(rule, study)


def _within(written: Written, study: Study) -> Iterator[Finding]:
    if is_told_there(written, study):
        return
    alone = study.never_true(written.node(study))
    parts = list(parts_of(written))
    if alone:
        inner = [part for part in parts if study.never_true(part.node(study))]
        if isinstance(written.condition, AllOf | AnyOf) and inner:
            for part in inner:
                yield from _within(part, study)
        else:
            yield from _told(written, study, parts)
        return
    is_dead = written.is_alternative and written.around and _skips(written)
    if is_dead and study.solver.is_impossible((written.true(study), *(one.true(study) for one in written.around))):
        yield _finding(written, study, f"this alternative of {written.owner} can never hold beside the rest", ())
        return
    for part in parts:
        yield from _within(part, study)


def _told(written: Written, study: Study, parts: Sequence[Written]) -> Iterator[Finding]:
    """The finding about a condition that is impossible as a whole, at the part that makes it so."""
    if not isinstance(written.condition, AllOf):
        yield _finding(written, study, f"this condition of {written.owner} can never hold", ())
        return
    core = _core(parts, study)
    yield _finding(core[-1], study, f"this can never hold beside the rest of {written.owner}", core[:-1])


def _whole(rule: CompiledRule, study: Study) -> Iterator[Finding]:
    """The finding about a rule that its file's `when`, or its cache, makes impossible."""
    when = rule.rule.when
    beside = [
        RelatedAddress(address=part.address, message="the file asks for this")
        for part in (when.children if isinstance(when, AllOf) else ())
        if part.address.keys[:1] == ("when",)
    ]
    yield finding(
        sys.modules[__name__],
        f"rule `{rule.name}` can never match",
        rule.rule.address.child("when"),
        help="see which of its parts exclude each other, with `policy-engine dry-run --trace` on the witness",
        related=beside,
        witness=_nearest(rule.conditions, study),
    )


def _core(parts: Sequence[Written], study: Study) -> list[Written]:
    """As few of the parts as exclude each other, in the order in which they are written."""
    left = list(parts)
    for part in parts:
        without = [other for other in left if other is not part]
        if without and study.solver.is_impossible([other.true(study) for other in without]):
            left = without
    return left


def _finding(written: Written, study: Study, message: str, beside: Sequence[Written]) -> Finding:
    return finding(
        sys.modules[__name__],
        message,
        written.condition.address,
        help="remove it, or write `any: [..]` (or a list) if one of the values is enough",
        related=[RelatedAddress(address=one.condition.address, message="excluded by this") for one in beside],
        witness=_nearest(written.rule.conditions, study) if written.rule in _dead(study) else None,
    )


def _dead(study: Study) -> tuple[CompiledRule, ...]:
    return tuple(study.rules[fate.number] for fate in study.fates if fate.is_impossible)


def _nearest(conditions: Sequence[Node], study: Study) -> dict[str, Any] | None:
    """A request that satisfies as many of the conditions, in their order, as can hold at once."""
    held: list[Node] = []
    for node in conditions:
        if not study.solver.is_impossible([study.truths(one).true for one in (*held, node)]):
            held.append(node)
    wanted = tuple(held)

    def is_shown(request: Mapping[str, Any]) -> bool:
        return all(study.oracle.truth(node, request) is True for node in wanted)

    return study.witness([study.truths(node).true for node in wanted], is_shown) if wanted else None


def _skips(written: Written) -> bool:
    return written.rule is None or written.rule.on_unknown is OnUnknown.SKIP


def _all_parts(written: Written) -> Iterator[Written]:
    yield written
    for part in parts_of(written):
        yield from _all_parts(part)
