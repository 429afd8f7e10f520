"""Known outcomes: a request and what several models did with it, as a line of JSON says it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """
    What one model did with one request; None is not recorded.

    Attributes:
        score: how good the answer is; what counts is up to whoever scored it.
        cost_usd: what the call cost, exactly as written.
        confidence: the mean probability of the answer's tokens.
        latency_s: seconds to the whole answer.
    """

    score: Decimal | None = None
    cost_usd: Decimal | None = None
    confidence: float | None = None
    text: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_s: float | None = None
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request as written, and what each model did with it, by the model's name."""

    request: Mapping[str, Any]
    outcomes: Mapping[str, Recorded]


def read_case(text: str) -> Case:
    """
    The case that a line of JSON describes: a request, and `outcomes` by model.

    Raises:
        ValueError: it is not JSON or not of that form; says what is wrong.
    """
    written = json.loads(text, parse_constant=_refused)
    if not isinstance(written, dict):
        raise ValueError("a line must be a JSON object")
    outcomes = written.pop("outcomes", None)
    if not isinstance(outcomes, dict) or not outcomes:
        raise ValueError("`outcomes` must be a JSON object that names at least one model")
    return Case(request=written, outcomes={model: _recorded(model, one) for model, one in outcomes.items()})


def _recorded(model: str, written: Any) -> Recorded:
    if not isinstance(written, dict):
        raise ValueError(f"what `{model}` did must be a JSON object")
    place = f"outcomes.{model}"
    latency_ms = _number(written, "latency_ms", place, least=0)
    confidence = _number(written, "confidence", place, least=0, most=1)
    return Recorded(
        score=_number(written, "score", place),
        cost_usd=_number(written, "cost_usd", place, least=0),
        confidence=None if confidence is None else float(confidence),
        text=_text(written, "text", place),
        input_tokens=_count(written, "input_tokens", place),
        output_tokens=_count(written, "output_tokens", place),
        latency_s=None if latency_ms is None else float(latency_ms) / 1000,
        finish_reason=_text(written, "finish_reason", place),
    )


def _number(
    written: Mapping[str, Any], name: str, place: str, *, least: int | None = None, most: int | None = None
) -> Decimal | None:
    """A number exactly as written; a boolean counts as 0 or 1 where it is a score."""
    value = written.get(name)
    if value is None:
        return None
    if isinstance(value, bool) and name == "score":
        return Decimal(int(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"`{place}.{name}` must be a number, not `{value}`")
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = f"from {least} up" if most is None else f"from {least} to {most}"
        raise ValueError(f"`{place}.{name}` must be {bounds}, not `{value}`")
    return Decimal(repr(value))


def _count(written: Mapping[str, Any], name: str, place: str) -> int | None:
    value = _number(written, name, place, least=0)
    if value is not None and value != value.to_integral_value():
        raise ValueError(f"`{place}.{name}` must be a whole number, not `{value}`")
    return None if value is None else int(value)


def _text(written: Mapping[str, Any], name: str, place: str) -> str | None:
    value = written.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{place}.{name}` must be text")
    return value


def _refused(constant: str) -> Any:
    raise ValueError(f"`{constant}` is no JSON number")
