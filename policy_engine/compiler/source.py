"""Python source for facts and tests, made from checked input only, and compiled once per text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from policy_engine.model.facts import Facts
from policy_engine.model.vocabulary import Fact


def fact_source(fact: Fact) -> str:
    """
    Python that reads a fact from `f` (Facts).

    It may be run only where the fact is not missing.
    """
    section, _, rest = fact.name.partition(".")
    if section == "attributes":
        return f"f.attributes[{rest!r}]"
    if section == "conversation":
        return f"f.shape.{rest}()"
    if section == "output":
        return f"f.signals['output'][{rest!r}]"
    if fact.is_signal:
        field = fact.name[len(fact.group) + 1 :]
        return f"f.signals[{fact.group!r}]" + (f"[{field!r}]" if field else "")
    return _SOURCES.get(fact.name) or f"f.{section}_{rest}"


_SOURCES = {
    "task": "f.task",
    "id": "f.request.id",
    "session": "f.request.session",
    "user": "f.request.user",
    "message.text": "f.message",
    "message.chars": "len(f.message)",
    "message.tokens": "message_tokens(f)",
}


def compile_function(source: str, names: Mapping[str, Any]) -> Callable[[Facts], Any]:
    """The function `lambda f: source`, with these names bound and nothing else in reach."""
    function: Callable[[Facts], Any] = eval(_code(f"lambda f: {source}"), {**READERS, **names})
    return function


def define_function(lines: Sequence[str], names: Mapping[str, Any]) -> Callable[[Facts], Any]:
    """The function of `f` with these lines as its body, with these names bound and nothing else in reach."""
    source = "\n    ".join(["def function(f):", *lines])
    namespace = {**READERS, **names}
    exec(_body_code(source), namespace)
    function: Callable[[Facts], Any] = namespace["function"]
    return function


def message_tokens(facts: Facts) -> int:
    """The tokens of the newest user text, which must be there; for plain ASCII by the shortest way."""
    text = facts.message or ""
    return facts.message_tokens if facts.request.tokens or not text.isascii() else (len(text) + 3) // 4


READERS: Mapping[str, Any] = {"__builtins__": {}, "len": len, "message_tokens": message_tokens}
"""What generated code may use to read facts, and nothing else."""


@lru_cache(maxsize=4096)
def _code(source: str) -> CodeType:
    return compile(source, "<policy>", "eval")


@lru_cache(maxsize=1024)
def _body_code(source: str) -> CodeType:
    return compile(source, "<policy>", "exec")


def count_occurrences(text: str, *phrases: str) -> int:
    """How often these texts occur in a text, without overlap, case as written (`count` in expressions)."""
    return sum(text.count(phrase) for phrase in phrases if phrase)


def is_listed(value: object, items: Sequence[object]) -> bool:
    """Whether a text or number is among some items, of which true is not 1."""
    return any(item == value for item in items if not isinstance(item, bool))


EXPRESSION_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "min": min,
    "max": max,
    "abs": abs,
    "float": float,
    "lower": str.lower,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "count": count_occurrences,
    "is_listed": is_listed,
}
"""What an expression may call, and `float` and `is_listed`, which generated code alone uses."""
