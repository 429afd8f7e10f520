"""Bundles and outcomes for tests of replays, small enough to count by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.pipeline import build
from policy_engine.replay.outcomes import Case, read_case

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
HEAD = """\
version: 1
tasks: [date]
attributes: {tenant: {type: string}, team: {type: string}}
providers: {own: {kind: openai, base_url: "http://localhost:1/v1", timeout: 5s}}
models:
  cheap: {provider: own, model: vendor-cheap, price: {input: 1, output: 2}}
  dear: {provider: own, model: vendor-dear, price: {input: 10, output: 20}}
tiers: [{name: low, models: [cheap]}, {name: high, models: [dear]}]
"""
CASCADE = """\
cascades:
  unsure:
    steps: [{route: low, accept: {output: {confidence: {gte: 0.85}}}}, {route: high}]
default: {cascade: unsure}
"""


def policies(folder: Path, text: str = CASCADE) -> PolicySet:
    """The policies of a folder that holds this text after the head that all have."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(HEAD + text, encoding="utf-8")
    result = build(folder)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


def outcome(score: float = 1.0, cost_usd: float | None = 0.01, **more: Any) -> dict[str, Any]:
    """What one model did, as a line says it."""
    return {"score": score, "cost_usd": cost_usd, **more}


def line(id: str = "q1", *, cheap: Any = None, dear: Any = None, **more: Any) -> str:
    """A line of an outcomes file."""
    told = {"cheap": cheap, "dear": dear}
    outcomes = {model: one for model, one in told.items() if one is not None}
    return json.dumps({"id": id, "task": "date", "input": "When?", **more, "outcomes": outcomes})


def case(id: str = "q1", *, cheap: Any = None, dear: Any = None, **more: Any) -> Case:
    """The same, read."""
    return read_case(line(id, cheap=cheap, dear=dear, **more))
