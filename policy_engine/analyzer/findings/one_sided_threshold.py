"""
one-sided-threshold: on all sample requests, a test of a number comes out the same.

Avoid:
    phrases:
      complaints: {embedder: hashed, of: [I want my money back]}
    rules:
      - {name: complaints, when: {similar: {complaints: {gte: 0.75}}}, then: {route: frontier}}
    # requests.jsonl: similarities of 0.1 to 0.5
Prefer:
    phrases:
      complaints: {embedder: hashed, of: [I want my money back]}
    rules:
      - {name: complaints, when: {similar: {complaints: {gte: 0.4}}}, then: {route: frontier}}
Why:
    A threshold that looks right on its scale may lie beyond everything that real traffic holds; then a rule is never
    used, or always, and nothing says so. It is looked for only where samples are given, by `policy-engine validate DIR
    --requests FILE`, and only if at least 20 of them say the number at all. Where the samples supply no signals,
    nothing is said about tests of signals.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.parts import Written, parts_of, written_conditions
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import Test
from policy_engine.model.vocabulary import fact_named

CODE = "PE517"
NAME = "one-sided-threshold"
SEVERITY = Severity.INFO

FEWEST = 20
"""So many samples have to say the number before anything is said about its threshold."""


def find(study: Study) -> Iterator[Finding]:
    """One finding for each test of a number that the samples never pass, or always."""
    if len(study.samples) < FEWEST:
        return
    for written in written_conditions(study):
        if not written.answers:
            yield from _within(written, study)


def _within(written: Written, study: Study) -> Iterator[Finding]:
    condition = written.condition
    if isinstance(condition, Test) and _is_number(condition, study):
        yield from _told(written, study)
    for part in parts_of(written):
        yield from _within(part, study)


def _told(written: Written, study: Study) -> Iterator[Finding]:
    node = written.node(study)
    known = [truth for sample in study.samples if (truth := study.oracle.truth(node, sample)) is not None]
    if len(known) < FEWEST or (any(known) and not all(known)):
        return
    yield finding(
        sys.modules[__name__],
        f"this test of {written.owner} {'always' if known[0] else 'never'} holds on the {len(known):,} samples that "
        "say its number",
        written.condition.address,
        help="choose a threshold that lies among the values of your traffic",
    )


def _is_number(test: Test, study: Study) -> bool:
    if test.fact.startswith("score."):
        return True
    fact = fact_named(test.fact, study.policy_set.declarations)
    return fact is not None and fact.kind.is_numeric and test.op in ("lt", "lte", "gt", "gte")
