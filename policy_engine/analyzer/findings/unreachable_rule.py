"""
unreachable-rule: a rule never decides, because several rules before it take everything that it would.

Avoid:
    rules:
      - {name: small, when: {task: generate_reply, input: {tokens: {lt: 1k}}}, then: {route: fast}}
      - {name: large, when: {task: generate_reply, input: {tokens: {gte: 1k}}}, then: {route: workhorse}}
      - name: paying
        when: {task: generate_reply, input: {tokens: {gt: 500}}, attributes: {plan: pro}}
        then: {route: frontier}
Prefer:
    rules:
      - name: paying
        when: {task: generate_reply, input: {tokens: {gt: 500}}, attributes: {plan: pro}}
        then: {route: frontier}
      - {name: small, when: {task: generate_reply, input: {tokens: {lt: 1k}}}, then: {route: fast}}
      - {name: large, when: {task: generate_reply, input: {tokens: {gte: 1k}}}, then: {route: workhorse}}
Why:
    No rule alone hides this one, but together they leave nothing over. The related places name as few of them as do
    it. The witness is a request that the rule is about and that one of them decides.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding, name_of, place_of, taken
from policy_engine.diagnostics import Finding, Severity

CODE = "PE501"
NAME = "unreachable-rule"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each rule that several others leave nothing to."""
    for fate in study.fates:
        witness = taken(study, fate) if len(fate.covered_by) > 1 else None
        if witness is None:
            continue
        rule, takers = study.rules[fate.number], [study.rules[one] for one in fate.covered_by]
        yield finding(
            sys.modules[__name__],
            f"rule `{rule.name}` never {'decides' if rule.verdict else 'adds anything'}: {len(takers)} rules before "
            "it take everything that it would match",
            name_of(rule),
            help="put it before them, make one of them narrower, or remove it",
            related=[place_of(taker, "this rule takes a part") for taker in takers],
            witness=witness,
        )
