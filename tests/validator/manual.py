"""Manual pages of checks as bundles: the YAML under Avoid and Prefer, completed so that it stands alone."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from policy_engine.loader.bundle import load
from policy_engine.model.policy import Model, Provider
from policy_engine.validator.validate import Validation, validate
from tests.classifier_file import empty_classifier

TODAY = date(2026, 11, 24)
BASE: Mapping[str, Any] = {
    "version": 1,
    "attributes": {
        "plan": {"type": "string", "enum": ["free", "pro", "enterprise"]},
        "stakes": {"type": "string", "enum": ["low", "high"], "default": "low"},
        "tenant": {"type": "string"},
        "regions": {"type": "list", "enum": ["eu", "us"]},
    },
    "tasks": ["order_status", "classify_intent", "generate_reply", "analyze_contract"],
    "providers": {
        "openai": {"kind": "openai", "api_key": "${OPENAI_API_KEY}"},
        "anthropic": {"kind": "anthropic", "api_key": "${ANTHROPIC_API_KEY}"},
    },
    "models": {
        "mini": {"provider": "openai", "model": "gpt-4o-mini", "price": {"input": 0.15, "output": 0.60}},
        "sonnet": {"provider": "anthropic", "model": "claude-sonnet-4-5"},
        "opus": {"provider": "anthropic", "model": "claude-opus-4-5"},
    },
    "tiers": [
        {"name": "fast", "models": ["mini"]},
        {"name": "workhorse", "models": ["sonnet"]},
        {"name": "frontier", "models": ["opus"]},
    ],
    "default": {"route": "workhorse"},
}
_ENDS = {"Avoid": "Prefer", "Prefer": "Why"}


def example(page: str, heading: str) -> dict[str, str]:
    """The files under a heading of a manual page, by name; without names it is one policy file."""
    body = re.search(rf"^{heading}:\n(.*?)^{_ENDS[heading]}:", page, re.MULTILINE | re.DOTALL)
    assert body is not None
    parts = re.split(r"^# (\S+\.\w+)\n", textwrap.dedent(body[1]), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)) or {"example.yaml": parts[0]}


def completed(files: Mapping[str, str]) -> dict[str, str]:
    """The files with one more that declares what the examples take for granted."""
    written = [yaml.safe_load(text) for name, text in files.items() if name.endswith(".yaml")]
    base = {key: _without(value, [data[key] for data in written if key in data]) for key, value in BASE.items()}
    return {**files, "base.yaml": yaml.safe_dump({key: value for key, value in base.items() if value})}


def _without(value: Any, given: list[Any]) -> Any:
    """What is left of a section where examples say something themselves."""
    if isinstance(value, dict) and given and value is not BASE["default"]:
        return {name: entry for name, entry in value.items() if not any(name in section for section in given)}
    return None if given and not isinstance(value, list) else value


def validated(folder: Path, files: Mapping[str, str], *, previous: Validation | None = None) -> Validation:
    """The validation of a folder that is filled with these files."""
    (folder / "classifiers").mkdir(exist_ok=True)
    (folder / "classifiers" / "complexity.json").write_text(empty_classifier(*_labels(files)), encoding="utf-8")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    bundle = load(folder)
    assert bundle.diagnostics == ()
    return validate(bundle, today=TODAY, prices=price_of, previous=previous)


def _labels(files: Mapping[str, str]) -> list[str]:
    """The labels that the examples declare for `classifiers/complexity.json`."""
    declared = re.search(r"classifiers/complexity\.json, labels: \[(.*?)\]", "".join(files.values()))
    return ["easy", "hard"] if declared is None else declared[1].split(", ")


def price_of(model: Model, provider: Provider | None) -> object | None:
    """A price list that knows all models but our own."""
    return None if model.model.startswith("our-own") else (provider, model)
