"""
unused-cache: no rule fills a cache, or none reads it.

Avoid:
    caches:
      support: {kind: exact, scope: [tenant]}
    rules:
      - name: answered-before
        when: {task: generate_reply, cache: {support: {hit: true}}}
        then: {respond: {cache: support}}
Prefer:
    caches:
      support: {kind: exact, scope: [tenant]}
    rules:
      - {name: remember, when: {task: generate_reply}, then: {remember: support}}
      - name: answered-before
        when: {task: generate_reply, cache: {support: {hit: true}}}
        then: {respond: {cache: support}}
Why:
    A cache that nothing fills is always empty, so whatever asks it never gets an answer. One that nothing reads keeps
    answers for nobody. `remember` fills; a `cache` condition or `respond: {cache: …}` reads.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.mentions import caches_filled, caches_read
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Severity

CODE = "PE513"
NAME = "unused-cache"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each cache that is only half in use, or not at all."""
    read, filled = caches_read(study.policy), caches_filled(study.policy)
    for cache in study.policy_set.declarations.caches.values():
        is_read, is_filled = cache.name in read, cache.name in filled
        if is_read and is_filled:
            continue
        yield finding(
            sys.modules[__name__],
            f"{_fault(is_read, is_filled)} cache `{cache.name}`",
            cache.address,
            help=_help(cache.name, is_read, is_filled),
        )


def _fault(is_read: bool, is_filled: bool) -> str:
    if is_read:
        return "no rule fills"
    return "no rule reads" if is_filled else "no rule reads or fills"


def _help(name: str, is_read: bool, is_filled: bool) -> str:
    if is_read:
        return f"add a rule with `then: {{remember: {name}}}`"
    answer = f"`respond: {{cache: {name}}}`"
    return f"add a rule with {answer}, or remember nothing in it" if is_filled else f"use it ({answer}), or remove it"
