"""
duplicate-rule: a rule has the condition and the effect of an earlier one.

Avoid:
    rules:
      - {name: replies, when: {task: generate_reply}, then: {route: fast}}
      - {name: answers, when: {task: {eq: generate_reply}}, then: {route: fast}}
Prefer:
    rules:
      - {name: replies, when: {task: generate_reply}, then: {route: fast}}
Why:
    The later of two equal rules never has a say, whatever is changed in it. Conditions count as equal when they mean
    the same, however they are written. The witness is a request that both match.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding, name_of, place_of
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Finding, Severity

CODE = "PE504"
NAME = "duplicate-rule"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each rule that stands there for the second time."""
    alike: dict[object, list[int]] = {}
    for number, rule in enumerate(study.rules):
        if study.fates[number].is_impossible:
            continue
        earlier = alike.setdefault((rule.node, rule.hit, rule.on_unknown), [])
        same = next((study.rules[one] for one in earlier if study.outcomes[one] == study.outcomes[number]), None)
        earlier.append(number)
        if same is None:
            continue
        witness = _witness(study, number, same)
        if witness is not None:
            yield finding(
                sys.modules[__name__],
                f"rule `{rule.name}` has the condition and the effect of `{same.name}`",
                name_of(rule),
                help="remove one of them",
                related=(place_of(same, "the same rule stands here"),),
                witness=witness,
            )


def _witness(study: Study, number: int, same: CompiledRule) -> dict[str, Any] | None:
    """A request that both rules match."""
    rule = study.rules[number]

    def is_shown(request: Mapping[str, Any]) -> bool:
        return study.oracle.matches(rule, request) and study.oracle.matches(same, request)

    return study.witness((study.firings[number].matches,), is_shown, seeds=study.seeds(rule, same))
