"""
always-true-condition: a condition, or a part of one, is never false.

Avoid:
    rules:
      - {name: plans, when: {any: [{attributes: {plan: free}}, {attributes: {plan: {ne: free}}}]}, then: {route: fast}}
Prefer:
    rules:
      - {name: plans, when: {attributes: {plan: free}}, then: {route: fast}}
Why:
    It holds whatever the values are, so that it tests nothing. Often `any` was written where `all` was meant, as in
    "not a or not b". A rule that is to match always has no `when`; whether an attribute was sent is asked by
    `{exists: true}`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.findings import threshold_always_fires, threshold_never_fires
from policy_engine.analyzer.parts import Written, parts_of, written_conditions
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import AllOf, Reference, Test

CODE = "PE506"
NAME = "always-true-condition"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each smallest part that is never false."""
    for written in written_conditions(study):
        yield from _within(written, study)


def _within(written: Written, study: Study) -> Iterator[Finding]:
    if threshold_always_fires.is_told_there(written, study) or threshold_never_fires.is_told_there(written, study):
        return
    if isinstance(written.condition, Reference):
        return  # told where it is declared
    inner = list(parts_of(written))
    found = [one for part in inner for one in _within(part, study)]
    if found:
        yield from found
    elif (
        not isinstance(written.condition, AllOf) and not _has_idiom(written, inner) and _is_never_false(written, study)
    ):
        yield finding(
            sys.modules[__name__],
            f"this condition of {written.owner} is never false",
            written.condition.address,
            help="remove it, or write `all` where `any` stands, if both were meant to hold",
        )


def _is_never_false(written: Written, study: Study) -> bool:
    if any(_is_told_inside(part, study) for part in parts_of(written)):
        return False
    node = written.node(study)
    return study.never_false(node) and not study.never_true(node)


def _is_told_inside(written: Written, study: Study) -> bool:
    """Whether what makes a condition always true is told elsewhere: a part that can never hold, or always does."""
    if threshold_always_fires.is_told_there(written, study) or threshold_never_fires.is_told_there(written, study):
        return True
    node = written.node(study)
    return study.never_true(node) or (isinstance(written.condition, Reference) and study.never_false(node))


def _has_idiom(written: Written, inner: list[Written]) -> bool:
    return _is_idiom(written.condition) or any(_is_idiom(part.condition) for part in inner)


def _is_idiom(condition: object) -> bool:
    """Whether it is a way to ask if something is known: all tasks listed."""
    if not isinstance(condition, Test):
        return False
    return condition.fact == "task" or (
        condition.fact.rpartition(".")[2] in ("chars", "lines", "messages") and condition.op in ("gt", "gte")
    )
