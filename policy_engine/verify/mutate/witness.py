"""A request on which two policies differ, as a test case that is ready to be pasted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.verify.expectation import differences
from policy_engine.verify.suite import DEFAULT, NONE

_COMPARED = ("rule", "effect", "tier", "model", "tags", "unknown", "skipped", "plan", "modifiers")
_TELLING = (("rule",), ("effect",), ("tier", "model"), ("plan",), ("modifiers",), ("tags",), ("unknown",), ("skipped",))
_PLAIN = re.compile(r"[A-Za-z_][\w.-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A request, as JSON data and as it is decided."""

    written: Mapping[str, Any]
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A request, what the policies decide about it that the changed ones do not, and the two as YAML."""

    request: Mapping[str, Any]
    expect: Mapping[str, Any]
    case: str


def witness_of(found: Found, base: PolicySet, variant: PolicySet, *, name: str) -> Witness | None:
    """
    The witness that a request makes: its case passes with one policy and fails with the other.

    None where no expectation can tell them apart, such as one about something that must not be there.
    """
    ours, theirs = (decide(one, found.request).to_json() for one in (base, variant))
    expect = {key: _expected(key, ours[key], theirs[key]) for key in _COMPARED if ours[key] != theirs[key]}
    expect = {key: value for key, value in expect.items() if value is not None}
    first = next((keys for keys in _TELLING if not expect.keys().isdisjoint(keys)), ())
    expect = {key: value for key, value in expect.items() if key in first}
    if "rule" not in expect:
        expect = {"rule": ours["rule"] or DEFAULT, **expect}
    if not first or differences(expect, ours) or not differences(expect, theirs):
        return None
    return Witness(request=found.written, expect=expect, case=case_text(name, found.written, expect))


def case_text(name: str, request: Mapping[str, Any], expect: Mapping[str, Any]) -> str:
    """A case as an item of `cases`, in YAML."""
    return f"  - name: {_flow(name)}\n    request: {_flow(request)}\n    expect: {_flow(expect)}"


def _expected(key: str, ours: Any, theirs: Any) -> Any:
    """What of one field to expect: all of it, or the entries that differ where it has several."""
    if ours is None:
        return DEFAULT if key == "rule" else NONE
    if key == "skipped":
        return [one["model"] for one in ours]
    if isinstance(ours, dict):
        names = dict.fromkeys((*ours, *theirs))
        return {name: ours.get(name, NONE) for name in names if ours.get(name) != theirs.get(name)}
    return ours


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value in (DEFAULT, NONE):
        return str(value)
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
