"""What the reference knows about a request: values of facts, UNKNOWN, or PENDING for signals not asked for yet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.model.request import Request
from policy_engine.model.texts import (
    Shape,
    count_lines,
    count_words,
    estimate_tokens,
    newest_user_text,
    whole_text,
)
from tests.reference_tests import is_among

UNKNOWN, PENDING = object(), object()

GROUP_STAGES: Mapping[str, int] = {
    **dict.fromkeys(("budget", "escalation", "latency", "errors", "session"), 1),
    **dict.fromkeys(("classifier", "message", "input", "signal"), 2),
    "similar": 3,
    "cache": 4,
}
"""The stage in which a signal is asked for, by the first part of its name; of texts, the language is the signal."""

_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "classifier": ("score",),
    "budget": ("used", "left"),
    "escalation": ("rate", "requests"),
    "latency": ("p50", "p95"),
    "errors": ("rate",),
    "session": ("escalations", "errors"),
}
_TEXTS: Mapping[str, tuple[str, ...]] = {"classifier": ("label",), "session": ("tier", "model")}


def group_of(fact: str) -> str:
    """The name under which a fact counts as unknown, and is asked for if it is a signal."""
    section, _, rest = fact.partition(".")
    if section in ("attributes", "similar", "signal") or rest == "language":
        return fact
    if section in ("cache", "classifier", "budget", "escalation", "latency", "errors"):
        return f"{section}.{rest.rpartition('.')[0]}"
    return section


@dataclass
class Known:
    """The facts of one request; `learnable` has what signals say once they are asked."""

    request: Request
    bundle: Mapping[str, Any]
    learnable: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.signals: dict[str, Any] = {}
        for section, entries in self.request.signals.items():
            if section == "session":
                self._learn("session", entries)
            elif isinstance(entries, Mapping):
                for name, value in entries.items():
                    if self._is_declared(section, name):
                        self._learn(f"{section}.{name}", value)

    def ask(self, groups: Iterable[str]) -> None:
        """Asks for signals; one that says nothing is unknown from then on."""
        for group in groups:
            if group in self.learnable:
                self._learn(group, self.learnable[group])
            else:
                self.signals[group] = UNKNOWN

    @property
    def moment(self) -> datetime:
        """The moment of the request, which says it."""
        assert self.request.at is not None
        return self.request.at

    def exists(self, name: str) -> bool:
        """Whether an attribute was sent, even if invalid, or has a default."""
        declared = self.bundle["attributes"][name]
        return self.request.attributes.get(name) is not None or declared.get("default") is not None

    def value(self, fact: str) -> Any:
        """The value of a fact, UNKNOWN, or PENDING."""
        section, _, rest = fact.partition(".")
        if rest == "language" or section in _SIGNAL_SECTIONS or (section == "session" and rest):
            return self._signal(group_of(fact), fact)
        if section in ("message", "input"):
            text = self.message if section == "message" else self.input
            return UNKNOWN if text is None else self._measured(section, rest, text)
        request = self.request
        if section == "attributes":
            return self._attribute(rest)
        if section == "conversation":
            return UNKNOWN if self.input is None else getattr(Shape(self._messages, len(request.tools)), rest)()
        if section == "wants":
            sent = request.wants.get(rest)
            return (sent if isinstance(sent, str) else "auto") if rest == "model" else sent is True
        if section == "task":
            task = self.bundle.get("default_task") if request.task is None else request.task
            return task if task in self.bundle.get("tasks", ()) else UNKNOWN
        sent = getattr(request, section)  # id, session, user
        return UNKNOWN if sent is None else sent

    @property
    def message(self) -> str | None:
        """The newest user message that holds text."""
        return newest_user_text(self._messages)

    @property
    def input(self) -> str | None:
        """Everything sent; None without messages."""
        return whole_text(self._messages) if self._messages else None

    @property
    def _messages(self) -> tuple[Mapping[str, Any], ...]:
        request = self.request
        return tuple(request.messages or ()) if request.input is None else ({"role": "user", "content": request.input},)

    def _measured(self, section: str, measure: str, text: str) -> Any:
        if measure == "tokens" and section in self.request.tokens:
            return self.request.tokens[section]
        measures: Mapping[str, Callable[[str], Any]] = {
            "text": str,
            "chars": len,
            "words": count_words,
            "lines": count_lines,
            "tokens": estimate_tokens,
        }
        return measures[measure](text)

    def _attribute(self, name: str) -> Any:
        declared, sent = self.bundle["attributes"][name], self.request.attributes.get(name)
        return _typed(declared.get("default") if sent is None else sent, declared)

    def _signal(self, group: str, fact: str) -> Any:
        value = self.signals.get(group, PENDING)
        if fact == group or value is UNKNOWN or value is PENDING:
            return value
        return value.get(fact.removeprefix(f"{group}."), UNKNOWN)

    def _is_declared(self, section: str, name: str) -> bool:
        if section in ("message", "input"):
            return name == "language"
        return name in self.bundle.get(_SIGNAL_SECTIONS.get(section, ""), ())

    def _learn(self, group: str, value: Any) -> None:
        section, _, name = group.partition(".")
        if section == "signal":
            accepted = _typed(value, self.bundle["signals"][name])
        elif section == "cache":
            accepted = self._cache(name, value)
        elif section == "similar":
            accepted = value if _is_number(value) else UNKNOWN
        elif name == "language":
            accepted = value if isinstance(value, str) else UNKNOWN
        else:
            accepted = value if self._is_valid(section, name, value) else UNKNOWN
        self.signals[group] = accepted

    def _cache(self, name: str, value: Any) -> Any:
        if value == {}:
            return {"similarity": 0, "hit": False}
        if not isinstance(value, Mapping):
            return UNKNOWN
        declared = self.bundle["caches"][name]
        threshold = 1 if declared["kind"] == "exact" else declared.get("threshold", 0.95)
        similarity = value.get("similarity", UNKNOWN)
        if similarity is not UNKNOWN and not _is_number(similarity):
            return UNKNOWN
        reaches = similarity is not UNKNOWN and similarity >= float(parse_quantity(threshold, Kind.SHARE))
        hit = value.get("hit", None if similarity is UNKNOWN else reaches)
        return {"similarity": similarity, "hit": hit} if isinstance(hit, bool) else UNKNOWN

    def _is_valid(self, section: str, name: str, value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        if section == "classifier" and "label" in value:
            labels = self.bundle["classifiers"][name]["labels"]
            if value["label"] not in labels:
                return False
        texts, numbers = _TEXTS.get(section, ()), _NUMBERS[section]
        return all(isinstance(value[one], str) for one in texts if one in value) and all(
            _is_number(value[one]) for one in numbers if one in value
        )


_SIGNAL_SECTIONS: Mapping[str, str] = {
    "cache": "caches",
    "classifier": "classifiers",
    "similar": "phrases",
    "budget": "budgets",
    "escalation": "cascades",
    "latency": "models",
    "errors": "models",
    "signal": "signals",
}


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _typed(value: Any, declared: Mapping[str, Any]) -> Any:
    """A value as its declaration wants it, or UNKNOWN."""
    fits = {
        "string": lambda: isinstance(value, str),
        "boolean": lambda: isinstance(value, bool),
        "number": lambda: _is_number(value),
        "integer": lambda: _is_number(value) and value == int(value),
        "list": lambda: isinstance(value, list) and all(isinstance(i, str | bool) or _is_number(i) for i in value),
    }[declared["type"]]
    if not fits():
        return UNKNOWN
    items = value if isinstance(value, list) else [value]
    allowed = declared.get("enum")
    if allowed is not None and not all(is_among(item, allowed) for item in items):
        return UNKNOWN
    return int(value) if declared["type"] == "integer" else value
