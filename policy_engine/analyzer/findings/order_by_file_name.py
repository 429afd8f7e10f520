"""
order-by-file-name: two rules of equal priority in different files match the same requests and do different things.

Avoid:
    # chat.yaml
    rules:
      - {name: short, when: {message: {chars: {lt: 80}}}, then: {route: fast}}
    # contracts.yaml
    rules:
      - {name: contracts, when: {task: analyze_contract}, then: {route: frontier}}
Prefer:
    # chat.yaml
    rules:
      - {name: short, when: {message: {chars: {lt: 80}}}, then: {route: fast}}
    # contracts.yaml
    rules:
      - {name: contracts, priority: 10, when: {task: analyze_contract}, then: {route: frontier}}
Why:
    Which of them decides hangs on how the files are called, so that renaming a file changes decisions. State it by
    `priority`. Each pair of files is told once; the witness is a request that both rules match.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding, name_of, place_of
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Finding, Severity

CODE = "PE507"
NAME = "order-by-file-name"
SEVERITY = Severity.WARNING

MOST_PAIRS = 4_000
"""Pairs of rules that are looked at; in a larger bundle the rest is not told."""


def find(study: Study) -> Iterator[Finding]:
    """One finding for each pair of files whose order decides."""
    told: set[tuple[str, str, int]] = set()
    files: dict[int, set[str]] = {}
    for rule in study.rules:
        files.setdefault(rule.rule.priority, set()).add(_file(rule))
    looked = 0
    for later, rule in enumerate(study.rules):
        if (
            rule.verdict is None
            or len(files[rule.rule.priority]) == 1
            or study.fates[later].is_impossible
            or study.fates[later].covered_by
        ):
            continue
        for earlier in study.before(later):
            other = study.rules[earlier]
            pair = (_file(other), _file(rule), rule.rule.priority)
            if other.verdict is None or other.rule.priority != rule.rule.priority or pair[0] == pair[1] or pair in told:
                continue
            if study.outcomes[earlier] == study.outcomes[later]:
                continue
            looked += 1
            if looked > MOST_PAIRS:
                return
            witness = _witness(study, earlier, later)
            if witness is not None:
                told.add(pair)
                yield _finding(rule, other, witness)


def _witness(study: Study, earlier: int, later: int) -> dict[str, Any] | None:
    """A request that the earlier of two rules decides and the later one would."""
    one, two = study.rules[earlier], study.rules[later]

    def is_shown(request: Mapping[str, Any]) -> bool:
        return study.oracle.decides(one, request) and study.oracle.matches(two, request)

    between = [number for number in study.before(later) if number != earlier]
    formulas = (study.firings[earlier].matches, study.firings[later].matches, *study.past(between))
    return study.witness(formulas, is_shown, seeds=study.seeds(two, one))


def _file(rule: CompiledRule) -> str:
    return rule.rule.address.path


def _finding(rule: CompiledRule, other: CompiledRule, witness: Mapping[str, Any]) -> Finding:
    return finding(
        sys.modules[__name__],
        f"rule `{rule.name}` yields to `{other.name}` only because its file's name comes later",
        name_of(rule),
        help="give one of the two another `priority`, so that their order is stated",
        related=(place_of(other, "this rule has the same priority and does something else"),),
        witness=witness,
    )
