"""Probes: requests of which the authors of a configuration say which decision they expect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy_engine.authoring.draft import entries, mapping
from policy_engine.loader.foreign import read_foreign
from policy_engine.model.texts import newest_user_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """
    One probe.

    Attributes:
        id: its name.
        recipe: the configuration it belongs to, if it says so.
        expected: the decision that its authors expect.
        request: the request, in the form of our requests.
    """

    id: str
    recipe: str | None
    expected: str
    request: Mapping[str, Any]

    def measured(self, measures: Mapping[str, Callable[[str], bool | float]]) -> Mapping[str, Any]:
        """The request, with the values of the signals that can be measured from its newest message."""
        messages = self.request.get("messages")
        text = self.request.get("input") if messages is None else newest_user_text(messages)
        values = {name: measure(text or "") for name, measure in measures.items()}
        return {**self.request, "signals": {"signal": values}} if values else self.request


def read_probes(text: str) -> Sequence[Probe]:
    """
    The probes of a `probes.yaml`, or of JSON Lines with one probe each.

    Raises:
        ValueError: it is neither.
    """
    lines = text.lstrip()
    if lines.startswith("{"):
        return tuple(_flat(text))
    data = read_foreign(text)
    if not isinstance(data, Mapping) or not isinstance(data.get("decisions"), list):
        raise ValueError("there are no `decisions`: these are no probes")
    recipe = None if data.get("name") is None else str(data["name"])
    return tuple(_grouped(data, recipe))


def _flat(text: str) -> Iterator[Probe]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
        except ValueError as problem:
            raise ValueError(f"line {number} is no JSON: {problem}") from problem
        if not isinstance(told, Mapping) or "expected_decision" not in told:
            raise ValueError(f"line {number} does not say which decision it expects")
        recipe = None if told.get("recipe") is None else str(told["recipe"])
        expected, model = str(told["expected_decision"]), told.get("entrypoint")
        yield _probe(told, name=str(told.get("id", number)), recipe=recipe, expected=expected, model=model)


def _grouped(data: Mapping[str, Any], recipe: str | None) -> Iterator[Probe]:
    for group in entries(data["decisions"]):
        expected = str(group.get("expected_decision", group.get("id")))
        model = group.get("model", data.get("model"))
        for variant in entries(group.get("variants")):
            name = f"{group.get('id')}:{variant.get('id')}"
            yield _probe(variant, name=name, recipe=recipe, expected=expected, model=model)


def _probe(told: Mapping[str, Any], *, name: str, recipe: str | None, expected: str, model: object) -> Probe:
    messages = told.get("messages")
    request: dict[str, Any] = {"id": name}
    request |= {"messages": messages} if messages else {"input": _text(told)}
    if told.get("tools"):
        request["tools"] = told["tools"]
    if isinstance(model, str):
        request["wants"] = {"model": model}
    return Probe(id=name, recipe=recipe, expected=expected, request=request)


def _text(told: Mapping[str, Any]) -> str:
    """The query as often as it says, and the lines around it that only make it longer."""
    query = "\n".join([str(told.get("query") or "")] * int(told.get("repeat") or 1))
    padding = mapping(told.get("padding"))
    lines = [str(padding.get("text"))] * int(padding.get("repeat") or 0)
    before = {"before": len(lines), "after": 0}.get(str(padding.get("placement")), len(lines) // 2)
    return "\n".join(part for part in (*lines[:before], query, *lines[before:]) if part)
