"""Tests of policy sets that are another one with a change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from policy_engine.compiler.compile import compile_bundle, compile_variant
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.verify.mutate.mutants import mutants_of
from tests.verify.bundles import HEAD, RULES, write

REQUESTS = [
    Request(task=task, input=text, attributes=attributes)
    for task in ("faq", "summarize", None, "undeclared")
    for text in ("hello", "hello, this is a longer question", "x" * 20, "x" * 21)
    for attributes in ({}, {"plan": "free"}, {"plan": "pro"})
]


def test_a_variant_decides_as_if_it_were_compiled_whole(tmp_path: Path) -> None:
    """What is taken over from the base makes no difference to any decision, whatever was changed."""
    result = build(write(tmp_path, "cases: [{name: a, expect: {rule: (default)}}]\n", HEAD + RULES))
    base, policy = result.policy_set, result.validation.policy
    assert base is not None
    assert policy is not None
    changed = [mutant.policy for mutant in mutants_of(policy)]

    variants = [compile_variant(one, base) for one in changed]
    whole = [compile_bundle(replace(one, revision=base.revision), base.cards).policy_set for one in changed]

    assert len(changed) > 20
    assert list(map(decisions, variants)) == list(map(decisions, whole))


def decisions(policy_set: PolicySet | None) -> list[Any]:
    """What is decided about each request."""
    assert policy_set is not None
    return [decide(policy_set, request).to_json() for request in REQUESTS]
