"""
unreachable-step: a cascade goes on after a step that takes every answer.

Avoid:
    cascades:
      careful:
        steps: [{route: fast}, {route: frontier}]
        limits: {cost: $0.05}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Prefer:
    cascades:
      careful:
        steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]
        limits: {cost: $0.05}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Why:
    A step without `accept` accepts whatever its model says, so no step after it is ever asked. If the next step is
    meant for when the first model fails, write a chain instead: `route: [fast, frontier]`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, RelatedAddress, Severity

CODE = "PE516"
NAME = "unreachable-step"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each cascade with steps that nothing leads to."""
    for cascade in study.policy_set.declarations.cascades.values():
        last = next((number for number, step in enumerate(cascade.steps) if step.accept is None), None)
        if last is None or last == len(cascade.steps) - 1:
            continue
        yield finding(
            sys.modules[__name__],
            f"no step of cascade `{cascade.name}` after this one is ever asked, since it takes every answer",
            cascade.steps[last].address,
            help="say under `accept` which answers are good enough",
            related=[RelatedAddress(address=cascade.steps[last + 1].address, message="this step is never asked")],
        )
