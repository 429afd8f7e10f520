"""A small bundle with tests beside it, for tests of verification."""

from __future__ import annotations

from pathlib import Path

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.model.policy import Policy
from policy_engine.pipeline import BuildResult, build
from policy_engine.verify.load import load_suite
from policy_engine.verify.suite import Suite

HEAD = """\
version: 1
zone: UTC
tasks: [faq, summarize]
attributes:
  plan: {type: string, enum: [free, pro]}
  stakes: {type: string, enum: [low, high], default: low}
providers:
  openai: {kind: openai, api_key: "${KEY}"}
models:
  mini: {provider: openai, model: gpt-4o-mini, price: {input: 1, output: 2}, context: 128k, latency: 400ms}
  big: {provider: openai, model: gpt-4o, price: {input: 10, output: 20}, context: 128k, latency: 2s}
tiers:
  - {name: fast, models: [mini]}
  - {name: frontier, models: [big]}
budgets:
  daily: {amount: $5, window: day}
default: {route: frontier}
"""
RULES = """\
rules:
  - name: mark
    when: {attributes: {plan: free}}
    then: {tags: [free]}
  - name: greeting
    when: {task: faq, message: {contains: hello}}
    then: {respond: {text: "Hello!"}}
    examples:
      - {task: faq, input: "hello there", expect: match}
      - {task: faq, input: "good day", expect: no_match}
  - name: short
    when: {task: [faq, summarize], message: {chars: {lte: 20}}}
    then: {route: fast, params: {max_tokens: 100}}
"""


def write(folder: Path, tests: str, policy: str = HEAD + RULES) -> Path:
    """Writes a bundle with one file of policies and one of tests."""
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    (folder / "policy_test.yaml").write_text(tests, encoding="utf-8")
    return folder


def built(folder: Path, tests: str, policy: str = HEAD + RULES) -> BuildResult:
    """That bundle, built."""
    return build(write(folder, tests, policy))


def opened(folder: Path, tests: str, policy: str = HEAD + RULES) -> tuple[Suite, PolicySet, Policy]:
    """The tests of that bundle, and what they are about."""
    result = built(folder, tests, policy)
    assert result.policy_set is not None, [found.headline() for found in result.report.diagnostics]
    assert result.validation.policy is not None
    return load_suite(result.bundle, result.validation.policy), result.policy_set, result.validation.policy
