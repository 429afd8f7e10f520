"""
unbounded-escalation: a cascade may escalate without any limit in dollars or time.

Avoid:
    cascades:
      careful: {steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Prefer:
    cascades:
      careful:
        steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]
        limits: {cost: $0.05, deadline: 10s}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Why:
    Each step is paid for and waited for, whether its answer is kept or thrown away. A limit in dollars or in time
    bounds what one request can cause, however long its answers get. A limit in the rule that runs the cascade counts
    as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Part, RelatedAddress, Severity
from policy_engine.model.effect import Modifiers, RunCascade, Then
from policy_engine.model.policy import Cascade

CODE = "PE512"
NAME = "unbounded-escalation"
SEVERITY = Severity.WARNING
_BOUNDS = ("cost", "deadline")


def find(study: Study) -> Iterator[Finding]:
    """One finding for each cascade that somebody runs without such a limit."""
    effects = [rule.rule.then for rule in study.rules]
    if any(rule.node is None and rule.verdict is None and _is_bounded(rule.modifiers) for rule in study.rules):
        return  # a modifier that always matches bounds whatever is decided
    if study.policy.default is not None:
        effects.append(study.policy.default)
    for cascade in study.policy_set.declarations.cascades.values():
        runs = [then for then in effects if _runs(then, cascade)]
        unbounded = [then for then in runs if not _is_bounded(then.modifiers)]
        if not _escalates(cascade) or any(bound in cascade.limits for bound in _BOUNDS) or (runs and not unbounded):
            continue
        yield finding(
            sys.modules[__name__],
            f"cascade `{cascade.name}` may escalate without a limit in dollars or time",
            cascade.address,
            help="add `limits: {cost: $0.05, deadline: 10s}`, or whatever a request may cause at most",
            related=[
                RelatedAddress(address=then.address, message="it is run here", part=Part.KEY) for then in unbounded
            ],
        )


def _escalates(cascade: Cascade) -> bool:
    limit = cascade.limits.get("escalations")
    never = limit is not None and str(limit.max) == "0"
    return any(step.accept is not None for step in cascade.steps[:-1]) and not never


def _runs(then: Then, cascade: Cascade) -> bool:
    return isinstance(then.terminal, RunCascade) and then.terminal.name == cascade.name


def _is_bounded(modifiers: Modifiers) -> bool:
    return modifiers.limits is not None and any(bound in modifiers.limits for bound in _BOUNDS)
