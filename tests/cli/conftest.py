"""What the tests of the command line share: a small bundle with requests, and the program run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policy_engine.cli.program import program

POLICY = """\
version: 1
attributes:
  plan: {type: string, enum: [free, pro]}
  seats: {type: integer}
  trial: {type: boolean}
  labels: {type: list}
tasks: [faq, summarize]
providers:
  openai: {kind: openai, api_key: "${PE_TEST_KEY}"}
models:
  mini: {provider: openai, model: gpt-4o-mini, price: {input: 1, output: 2}, context: 128k, latency: 400ms}
  big: {provider: openai, model: gpt-4o, price: {input: 10, output: 20}, context: 128k, latency: 2s}
tiers:
  - {name: fast, models: [mini]}
  - {name: frontier, models: [big]}
rules:
  - name: mark
    when: {attributes: {plan: free}}
    then: {tags: [free]}
  - name: greeting
    when: {task: faq, message: {contains: hello}}
    then: {respond: {text: "Hello!"}}
  - name: short
    when: {task: [faq, summarize], message: {chars: {lte: 20}}}
    then: {route: fast, params: {max_tokens: 100}}
  - name: blocked
    when: {message: {contains: secret}}
    then: {deny: {status: 403, message: no}}
    on_unknown: skip
default: {route: frontier}
analysis: {PE514: "off"}   # attributes that only requests use
"""

REQUESTS = """\
{"id": "r1", "task": "faq", "input": "hello there"}
{"id": "r2", "task": "faq", "input": "opening hours?"}
{"id": "r3", "task": "summarize", "input": "a text of forty characters, more or less"}
{"id": "r4", "input": "tell me the secret", "attributes": {"plan": "free"}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which holds `policies/` and `requests.jsonl`."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "requests.jsonl").write_text(REQUESTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def break_policy(folder: Path) -> Callable[[], None]:
    """Misspells a tier in the policy, which is then an error."""

    def misspell() -> None:
        text = POLICY.replace("{route: fast,", "{route: fsat,")
        (folder / "policies" / "policy.yaml").write_text(text, encoding="utf-8")

    return misspell


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs the program with arguments, and `stdin` if it reads that."""

    def invoke(*arguments: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(program, arguments, input=stdin, catch_exceptions=False)

    return invoke
