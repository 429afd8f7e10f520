"""What a gate can test about a model's answer that needs more than one comparison."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from policy_engine.model.vocabulary import OUTPUT_TEXT
from policy_engine.validator.answer_schema import schema_checker

TEXT = OUTPUT_TEXT
"""The fact that is the answer's own text."""


def is_json(text: str) -> bool:
    """Whether a text is exactly one JSON document (NaN and infinities are not JSON)."""
    return _parsed(text) is not _NO_JSON


def has_sections(text: str, sections: tuple[str, ...]) -> bool:
    """Whether each heading stands at the start of a line, spaces around it aside, whatever follows it."""
    lines = [line.strip() for line in text.splitlines()]
    return all(any(line.startswith(section.strip()) for line in lines) for section in sections)


def schema_test(path: str, assets: Mapping[str, bytes]) -> Callable[[str], bool]:
    """A test whether a text is JSON that a schema file of the bundle accepts."""
    accepts = schema_checker(assets.get(path, b"false"))

    def test(text: str) -> bool:
        value = _parsed(text)
        return value is not _NO_JSON and accepts(value)

    return test


_NO_JSON = object()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _NO_JSON


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
