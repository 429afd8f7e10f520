"""What a classifier is trained and judged on: texts with labels, and what models did with them where that is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

from policy_engine.model.texts import newest_user_text
from policy_engine.replay.outcomes import Case, read_case


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """
    A text, and what a classifier should say about it.

    `task` and `scores`, by model, are what a line with outcomes says besides.
    """

    text: str
    label: str
    task: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    costs_usd: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Which labels there are, and which of them stands for a model: itself, or the tier that the model is in."""

    labels: tuple[str, ...]
    tiers: Mapping[str, str] = field(default_factory=dict)

    def of_model(self, model: str) -> str | None:
        """The label for requests that a model is to answer; None if there is none."""
        if model in self.labels:
            return model
        tier = self.tiers.get(model)
        return tier if tier in self.labels else None


def read_examples(lines: Iterable[str], naming: Naming) -> tuple[Example, ...]:
    """
    The examples of JSON Lines: a text (`text`, `input` or `messages`) with its `label`, with `outcomes` of models, or
    with both.

    Without a label it is that of the cheapest model whose score no other one beats.

    Raises:
        ValueError: a line is no example; says which, and why.
    """
    examples = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                examples.append(_example(line, naming))
            except ValueError as problem:
                raise ValueError(f"line {number}: {problem}") from None
    return tuple(examples)


def without_repeats(examples: Iterable[Example]) -> tuple[Example, ...]:
    """The examples, each text with the same label once, the first time."""
    found: dict[tuple[str, str], Example] = {}
    for example in examples:
        found.setdefault((example.text, example.label), example)
    return tuple(found.values())


def digest_of(examples: Sequence[Example]) -> str:
    """SHA-256 of texts and labels, whatever their order."""
    lines = sorted(json.dumps([example.text, example.label]) for example in examples)
    return sha256("\n".join(lines).encode()).hexdigest()


def _example(line: str, naming: Naming) -> Example:
    written = _decoded(line)
    case = read_case(line) if "outcomes" in written else None
    text, label, task = _text_of(written), written.get("label"), written.get("task")
    if text is None or not text.strip():
        raise ValueError("no text; write it as `text`, `input` or `messages`")
    if label is None and case is not None:
        label = _cheapest_best(case, naming)
    if not isinstance(label, str):
        raise ValueError("no `label`, and no `outcomes` to take it from")
    if label not in naming.labels:
        raise ValueError(f"label `{label}` is none of the classifier's; {_meant(label, naming.labels)}")
    return Example(
        text=text,
        label=label,
        task=task if isinstance(task, str) else None,
        scores=_numbers(case, "score"),
        costs_usd=_numbers(case, "cost_usd"),
    )


def _decoded(line: str) -> dict[str, Any]:
    try:
        written = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON") from None
    if not isinstance(written, dict):
        raise ValueError("it is no JSON object")
    return written


def _text_of(written: Mapping[str, Any]) -> str | None:
    for name in ("text", "input"):
        if isinstance(written.get(name), str):
            return str(written[name])
    messages = written.get("messages")
    return newest_user_text(messages) if isinstance(messages, list) else None


def _numbers(case: Case | None, name: str) -> dict[str, float]:
    values = {} if case is None else {model: getattr(one, name) for model, one in case.outcomes.items()}
    return {model: float(value) for model, value in values.items() if value is not None}


def _cheapest_best(case: Case, naming: Naming) -> str:
    scores, costs_usd = _numbers(case, "score"), _numbers(case, "cost_usd")
    if scores.keys() != case.outcomes.keys() or costs_usd.keys() != scores.keys():
        raise ValueError("no `label`, and its `outcomes` do not tell `score` and `cost_usd` of each model")
    best = max(scores.values())
    model = min((model for model in scores if scores[model] == best), key=lambda model: (costs_usd[model], model))
    label = naming.of_model(model)
    if label is None:
        raise ValueError(f"no label stands for model `{model}`; labels are names of models or of their tiers")
    return label


def _meant(label: str, labels: Sequence[str]) -> str:
    close = get_close_matches(label, labels, n=1)
    return f"did you mean `{close[0]}`?" if close else f"those are {', '.join(f'`{name}`' for name in labels[:12])}"
