"""Answers that need no model: texts, JSON values, and templates filled from the request."""

from __future__ import annotations

import json
from collections.abc import Mapping

from policy_engine.compiler.pattern import compile_pattern, encode
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Answer
from policy_engine.validator.template import DottedTemplate


def rendered(answer: Answer, facts: Facts) -> str:
    """
    The text of an answer; a cache's entry is not for here.

    A placeholder that is left unset all the same stays as it is written. What is inserted is never expanded again.
    """
    if answer.template is not None:
        return DottedTemplate(answer.text or "").safe_substitute(_values(answer, facts))
    return answer.text if answer.text is not None else json.dumps(answer.json, ensure_ascii=False)


def _values(answer: Answer, facts: Facts) -> Mapping[str, str]:
    values = {f"attributes.{name}": _written(value) for name, value in facts.layout.defaults.items()}
    values |= {f"attributes.{name}": _written(value) for name, value in facts.attributes.items()}
    if facts.task is not None:
        values["task"] = facts.task
    for fact, pattern in answer.patterns:
        text = facts.message if fact == "message.text" else facts.input_text
        match = compile_pattern(pattern).search(encode(text or ""))
        groups = {} if match is None else match.groupdict()
        values |= {name: group.decode("utf-8", "replace") for name, group in groups.items() if group is not None}
    return values


def _written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(_written, value)) if isinstance(value, tuple) else str(value)
