"""What fragments of the pages take for granted: a bundle whose sections stand in wherever a fragment has none."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.classifier_file import empty_classifier

SECTIONS = {
    "version": "version: 1\n",
    "zone": "zone: Europe/Berlin\n",
    "tasks": "tasks: [order_status, classify_intent, generate_reply, summarize_document, analyze_contract]\n",
    "attributes": """\
attributes:
  plan: {type: string, enum: [free, pro, enterprise]}
  stakes: {type: string, enum: [low, high], default: low}
  tenant: {type: string}
  seats: {type: integer}
  blocked: {type: boolean, default: false}
  regions: {type: list}
""",
    "providers": """\
providers:
  openai: {kind: openai, api_key: "${OPENAI_API_KEY}"}
  anthropic: {kind: anthropic, api_key: "${ANTHROPIC_API_KEY}"}
""",
    "models": """\
models:
  mini: {provider: openai, model: gpt-4o-mini, price: {input: 0.15, output: 0.60}, context: 128k, latency: 400ms}
  haiku: {provider: anthropic, model: claude-haiku-4-5, price: {input: 1, output: 5}, context: 200k, latency: 450ms}
  sonnet: {provider: anthropic, model: claude-sonnet-4-5, price: {input: 3, output: 15}, context: 200k, latency: 2s}
  opus: {provider: anthropic, model: claude-opus-4-5, price: {input: 5, output: 25}, context: 200k, tags: [eu]}
""",
    "tiers": """\
tiers:
  - {name: fast, models: [mini, haiku]}
  - {name: workhorse, models: [sonnet]}
  - {name: frontier, models: [opus]}
""",
    "conditions": """\
conditions:
  high_stakes: {any: [{attributes: {stakes: high}}, {task: analyze_contract}]}
""",
    "scores": """\
scores:
  difficulty:
    - {when: {message: {tokens: {gt: 800}}}, points: 0.4}
    - {when: {message: {contains: [prove, derive]}}, points: 0.5}
""",
    "caches": "caches:\n  support: {kind: semantic, embedder: hashed, scope: [tenant]}\n",
    "classifiers": "classifiers:\n  complexity: {file: classifiers/complexity.json, labels: [easy, hard]}\n",
    "phrases": "phrases:\n  handover: {embedder: hashed, of: [let me talk to a person]}\n",
    "signals": "signals:\n  risk: {type: number}\n",
    "budgets": "budgets:\n  tenant_daily: {amount: $50, window: day, scope: [tenant]}\n",
    "cascades": """\
cascades:
  careful:
    steps:
      - {route: mini, accept: {output: {confidence: {gte: 0.85}}}}
      - {route: frontier}
    limits: {escalation_rate: {max: 30%, otherwise: workhorse}}
""",
    "default": "default: {route: workhorse}\n",
}
FILES = {
    "classifiers/complexity.json": empty_classifier("easy", "hard"),
    "reply.schema.json": '{"type": "object"}',
    "templates/order_status.txt": "Order ${order_id} is on its way.\n",
}


def whole(fragment: str) -> str:
    """A bundle of one file: the sections of a fragment, and the others as they stand here."""
    given = set(re.findall(r"^(\w+):", fragment, re.MULTILINE))
    return "".join(text for name, text in SECTIONS.items() if name not in given) + fragment


def of_conditions(items: str) -> str:
    """A fragment with one rule for each condition of a list."""
    return _rules(f"when:\n{_deeper(item)}    then: {{route: workhorse}}\n" for item in _items(items))


def of_effects(items: str) -> str:
    """A fragment with one rule for each effect of a list."""
    return _rules(f"then:\n{_deeper(item)}" for item in _items(items))


def of_gates(items: str) -> str:
    """A fragment with a cascade that has one step for each gate of a list."""
    steps = "".join(f"      - route: mini\n        accept:\n{_deeper(item, 10)}" for item in _items(items))
    return f"cascades:\n  shown:\n    steps:\n{steps}      - route: frontier\n"


def write_bundle(folder: Path, policy: str) -> Path:
    """A policy folder with one policy file, and the files that it may refer to."""
    for name, text in {**FILES, "policy.yaml": policy}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _rules(bodies: Iterator[str]) -> str:
    return "rules:\n" + "".join(f"  - name: rule-{number}\n    {body}" for number, body in enumerate(bodies, 1))


def _items(listed: str) -> Iterator[str]:
    """The items of a YAML list, each as the mapping it holds."""
    for item in re.split(r"^- ", listed, flags=re.MULTILINE)[1:]:
        yield textwrap.dedent(f"  {item}")


def _deeper(text: str, spaces: int = 6) -> str:
    return textwrap.indent(text if text.endswith("\n") else f"{text}\n", " " * spaces)
