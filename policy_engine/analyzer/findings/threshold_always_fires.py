"""
threshold-always-fires: every value that the number can have passes this test.

Avoid:
    phrases:
      greetings: {embedder: hashed, of: [hello, good morning]}
    rules:
      - {name: greetings, when: {similar: {greetings: {gte: -1}}}, then: {respond: {text: "Hello!"}}}
Prefer:
    phrases:
      greetings: {embedder: hashed, of: [hello, good morning]}
    rules:
      - {name: greetings, when: {similar: {greetings: {gte: 0.85}}}, then: {respond: {text: "Hello!"}}}
Why:
    A test that everything passes tests nothing, and a guard with such a threshold lets everything through or stops
    everything. For an answer from a cache, a similarity below the cache's own threshold has no effect either: what
    is less similar than that is no hit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from policy_engine.analyzer.parts import Written, parts_of, written_conditions
from policy_engine.analyzer.ranges import verdict_of
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import AllOf, SampleTest, Test
from policy_engine.model.effect import Respond
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

CODE = "PE510"
NAME = "threshold-always-fires"
SEVERITY = Severity.WARNING


def find(study: Study) -> Iterator[Finding]:
    """One finding for each test of a number that everything passes."""
    for written in written_conditions(study):
        yield from _within(written, study)


def is_told_there(written: Written, study: Study) -> bool:
    """Whether a condition is a test about which this says what there is to say."""
    return _reason(written, study) is not None


def _within(written: Written, study: Study, *, beside: frozenset[str] = frozenset()) -> Iterator[Finding]:
    condition = written.condition
    reason = _reason(written, study)
    if reason is not None:
        # `{gte: 0, lt: 0.5}` says more clearly than `{lt: 0.5}` what is meant.
        if not (isinstance(condition, Test) and condition.fact in beside):
            yield finding(
                sys.modules[__name__],
                f"this test of {written.owner} always holds: {reason}",
                condition.address,
                help="correct the threshold, or remove the test",
            )
        return
    for part in parts_of(written):
        yield from _within(part, study, beside=_twice(condition))


def _twice(condition: object) -> frozenset[str]:
    """The facts that several tests of one conjunction are about."""
    facts = [one.fact for one in condition.children if isinstance(one, Test)] if isinstance(condition, AllOf) else []
    return frozenset(fact for fact in facts if facts.count(fact) > 1)


def _reason(written: Written, study: Study) -> str | None:
    condition = written.condition
    if isinstance(condition, SampleTest):
        return "it is a share of everything" if _number(condition.share, Kind.SHARE) == 1 else None
    if not isinstance(condition, Test):
        return None
    if condition.fact.startswith("score."):
        node = written.node(study)
        return "the points never miss it" if study.never_false(node) and not study.never_true(node) else None
    if _asks_whether_known(condition):
        return None
    found = verdict_of(condition, study.policy_set.declarations)
    if found is not None and found[0]:
        return found[1].text
    return _below_the_cache(condition, written, study)


def _asks_whether_known(test: Test) -> bool:
    """Whether a test is a way to ask if there is a message at all: `chars: {gt: 0}`."""
    return test.fact.rpartition(".")[2] in ("chars", "lines", "messages") and (
        (test.op, test.operand) in (("gt", 0), ("gte", 1))
    )


def _below_the_cache(test: Test, written: Written, study: Study) -> str | None:
    """Why a similarity has no effect in a rule that answers from that cache, if it is below the cache's threshold."""
    section, _, rest = test.fact.partition(".")
    name, _, field = rest.rpartition(".")
    terminal = None if written.rule is None else written.rule.rule.then.terminal
    if section != "cache" or field != "similarity" or test.op not in ("gt", "gte"):
        return None
    if not isinstance(terminal, Respond) or terminal.cache != name:
        return None
    threshold = study.policy_set.layout.cache_thresholds.get(name)
    bound = _number(test.operand, Kind.SHARE)
    if threshold is None or bound is None or bound >= threshold:
        return None
    return f"cache `{name}` answers only from a similarity of {threshold:g} on"


def _number(written: object, kind: Kind) -> float | None:
    try:
        return float(parse_quantity(written, kind))
    except QuantityError:
        return None
