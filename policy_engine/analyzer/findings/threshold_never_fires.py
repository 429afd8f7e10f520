"""
threshold-never-fires: no value that the number can have passes this test.

Avoid:
    scores:
      difficulty:
        - {when: {message: {tokens: {gt: 800}}}, points: 0.4}
        - {when: {message: {contains: [prove, derive]}}, points: 0.3}
    rules:
      - {name: hard, when: {score: {difficulty: {gte: 0.8}}}, then: {route: frontier}}
Prefer:
    scores:
      difficulty:
        - {when: {message: {tokens: {gt: 800}}}, points: 0.4}
        - {when: {message: {contains: [prove, derive]}}, points: 0.3}
    rules:
      - {name: hard, when: {score: {difficulty: {gte: 0.7}}}, then: {route: frontier}}
Why:
    A score cannot pass the sum of its points, a share cannot pass 1, a count is never below 0. The rule looks alive and
    is not. This is how a router comes to never use its best model without anybody noticing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.parts import Written, parts_of, written_conditions
from policy_engine.analyzer.ranges import verdict_of
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import SampleTest, Test
from policy_engine.model.policy import Score
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

CODE = "PE509"
NAME = "threshold-never-fires"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each test of a number that nothing passes, and for limits that are never reached."""
    for written in written_conditions(study):
        yield from _within(written, study)
    for cascade in study.policy_set.declarations.cascades.values():
        limit = cascade.limits.get("escalation_rate")
        if limit is not None and _share(limit.max) == 1:
            yield finding(
                sys.modules[__name__],
                f"the escalation rate of cascade `{cascade.name}` cannot pass 100 %, so this limit never trips",
                limit.address,
                help="write the share of escalations above which the cascade no longer pays",
            )


def is_told_there(written: Written, study: Study) -> bool:
    """Whether a condition is a test about which this says what there is to say."""
    return _reason(written, study) is not None


def _within(written: Written, study: Study) -> Iterator[Finding]:
    reason = _reason(written, study)
    if reason is not None:
        yield finding(
            sys.modules[__name__],
            f"this test of {written.owner} never holds: {reason}",
            written.condition.address,
            help="correct the threshold, or remove the test",
        )
        return
    for part in parts_of(written):
        yield from _within(part, study)


def _reason(written: Written, study: Study) -> str | None:
    condition = written.condition
    if isinstance(condition, SampleTest):
        return "a share of nothing" if _share(condition.share) == 0 else None
    if not isinstance(condition, Test):
        return None
    if condition.fact.startswith("score."):
        score = study.policy_set.declarations.scores.get(condition.fact.partition(".")[2])
        return _of_score(score) if score is not None and study.never_true(written.node(study)) else None
    found = verdict_of(condition, study.policy_set.declarations)
    return found[1].text if found is not None and not found[0] else None


def _of_score(score: Score) -> str:
    low = sum(part.points for part in score.parts if part.points < 0)
    high = sum(part.points for part in score.parts if part.points > 0)
    return f"the points of `{score.name}` add up to something from {low:g} to {high:g}"


def _share(written: object) -> float | None:
    try:
        return float(parse_quantity(written, Kind.SHARE))
    except QuantityError:
        return None
