"""
shadowed-rule: a rule never decides, because one rule before it takes everything that it would and does something else.

Avoid:
    rules:
      - {name: replies, when: {task: generate_reply}, then: {route: fast}}
      - {name: long-replies, when: {task: generate_reply, message: {tokens: {gt: 800}}}, then: {route: frontier}}
Prefer:
    rules:
      - {name: long-replies, when: {task: generate_reply, message: {tokens: {gt: 800}}}, then: {route: frontier}}
      - {name: replies, when: {task: generate_reply}, then: {route: fast}}
Why:
    The first rule that matches decides. Whatever `long-replies` asks for, `replies` has matched before it. The witness
    is a request that the later rule is about and the earlier one decides; try it with `policy-engine dry-run --trace`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding, name_of, place_of, taken
from policy_engine.diagnostics import Finding, Severity

CODE = "PE502"
NAME = "shadowed-rule"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each rule that a single other rule hides."""
    for fate in study.fates:
        if len(fate.covered_by) != 1:
            continue
        rule, taker = study.rules[fate.number], study.rules[fate.covered_by[0]]
        if study.outcomes[fate.number] == study.outcomes[fate.covered_by[0]]:
            continue  # told as a duplicate or as subsumed
        witness = taken(study, fate)
        if witness is not None:
            yield finding(
                sys.modules[__name__],
                f"rule `{rule.name}` never {'decides' if rule.verdict else 'adds anything'}: `{taker.name}` matches "
                "whatever it would match, and comes first",
                name_of(rule),
                help=f"put it before `{taker.name}`, or make `{taker.name}` narrower",
                related=(place_of(taker, "this rule comes first"),),
                witness=witness,
            )
