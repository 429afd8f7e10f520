"""Signals over the shape of a request and over who sends it, as conditions of ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from policy_engine.authoring.draft import Draft, entries, mapping, slug
from policy_engine.authoring.formula import Formula, any_of, negated
from policy_engine.authoring.vllm_sr.numbers import Range, least_count

_COUNTS = {
    "tool_definition": "tools",
    "assistant_tool_call": "tool_calls",
    "assistant_tool_cycle": "tool_results",
    "image_content": "images",
}
_ROLES = {"user": "turns", "tool": "tool_results", "": "messages"}
_USER, _GROUPS = "x-authz-user-id", "x-authz-user-groups"


def conversation(signal: Mapping[str, Any], bounds: Range | None) -> Formula | None:
    """A count of messages, tools or calls; None where nothing here counts the same."""
    feature = mapping(signal.get("feature"))
    source = mapping(feature.get("source"))
    of, role = str(source.get("type")), str(source.get("role") or "")
    if feature.get("type") == "exists":
        bounds = Range(gte=Decimal(1))
    if of == "active_tool_loop":
        loop: Formula = {
            "any": [
                {"conversation": {"in_tool_loop": True}},
                {"expr": "conversation.tool_calls > conversation.tool_results"},
            ]
        }
        return _flag(loop, bounds)
    if of == "message" and role == "non_user":
        return _difference(bounds)
    name = _ROLES.get(role) if of == "message" else _COUNTS.get(of)
    if of == "message" and role == "system":
        return _flag({"conversation": {"has_system": True}}, bounds)
    return None if name is None else _count(name, bounds)


def _count(name: str, bounds: Range | None) -> Formula:
    least, below = least_count(bounds) if bounds is not None else (0, None)
    span = {**({"gte": least} if least > 0 else {}), **({} if below is None else {"lt": below})}
    return {"conversation": {name: span}} if span else True


def _difference(bounds: Range | None) -> Formula:
    """Messages that are not the user's."""
    least, below = least_count(bounds) if bounds is not None else (0, None)
    count = "conversation.messages - conversation.turns"
    tests = [f"{count} >= {least}"] if least > 0 else []
    tests += [f"{count} < {below}"] if below is not None else []
    return {"expr": " and ".join(tests)} if tests else True


def _flag(formula: Formula, bounds: Range | None) -> Formula:
    if bounds is None:
        return True
    return {(True, False): formula, (False, True): negated(formula)}.get(
        (bounds.holds(1), bounds.holds(0)), bounds.holds(1)
    )


def metadata(signal: Mapping[str, Any], draft: Draft) -> Formula | None:
    """What the caller says about the request, as an attribute."""
    key, predicate = str(signal.get("key")), mapping(signal.get("predicate"))
    name = slug(key)
    draft.section("attributes")[name] = {"type": "string", "from": f"metadata:{key}"}
    if predicate.get("exists") is not None:
        return {"attributes": {name: {"exists": bool(predicate["exists"])}}}
    if predicate.get("equals") is not None:
        return {"attributes": {name: {"eq": str(predicate["equals"])}}}
    wanted = [str(value) for value in predicate.get("in") or ()]
    return {"attributes": {name: {"in": wanted}}} if wanted else None


def authz(signal: Mapping[str, Any], draft: Draft) -> Formula | None:
    """Who sends the request, by the headers that a gateway sets."""
    subjects = entries(signal.get("subjects"))
    users = [str(one.get("name")) for one in subjects if str(one.get("kind")).lower() == "user"]
    groups = [str(one.get("name")) for one in subjects if str(one.get("kind")).lower() == "group"]
    parts: list[Formula] = []
    if users:
        draft.section("attributes")["authz_user"] = {"type": "string", "from": f"header:{_USER}"}
        parts.append({"attributes": {"authz_user": {"in": users}}})
    if groups:
        draft.section("attributes")["authz_groups"] = {"type": "list", "from": f"header:{_GROUPS}"}
        parts.append({"attributes": {"authz_groups": {"has": groups}}})
    return any_of(parts)
