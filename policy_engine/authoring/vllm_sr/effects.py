"""What a decision does: the models it names and its plugins, as effects of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy_engine.authoring.draft import Draft, entries, mapping

_EFFORTS = frozenset("none minimal low medium high xhigh".split())
_OF_REF = ("model", "use_reasoning", "reasoning_effort", "reasoning_description", "weight")
# Ways to choose among a decision's models that need nothing but the order they are written in.
_IN_ORDER = ("", "static")


def effects_of(decision: Mapping[str, Any], draft: Draft, place: str) -> dict[str, Any]:
    """The effects of a decision."""
    modifiers: dict[str, Any] = {}
    answer: dict[str, Any] | None = None
    for plugin in entries(decision.get("plugins")):
        kind, settings = str(plugin.get("type")), mapping(plugin.get("configuration"))
        if settings.get("enabled") is False:
            continue
        if kind == "system_prompt" and settings.get("system_prompt"):
            modifiers["instructions"] = str(settings["system_prompt"])
            if settings.get("mode") == "replace":
                draft.differs(f"{place}.plugins.{kind}", "instructions go before the caller's system prompt")
        elif kind == "fast_response" and settings.get("message"):
            answer = {"respond": {"text": str(settings["message"])}}
        else:
            draft.left_out(f"{place}.plugins.{kind}", f"plugin `{kind}`")
    return {**(answer or _route(decision, draft, place, modifiers)), **modifiers}


def _route(decision: Mapping[str, Any], draft: Draft, place: str, modifiers: dict[str, Any]) -> dict[str, Any]:
    refs = entries(decision.get("modelRefs"))
    names = list(dict.fromkeys(str(ref.get("model")) for ref in refs if ref.get("model")))
    if not names:
        draft.differs(place, "a decision without models calls the default model")
        return {"route": draft.default.get("route", "requested")}
    _reasoning(refs[0], draft, place, modifiers)
    for ref in refs:
        draft.rest(f"{place}.modelRefs.{ref.get('model')}", ref, _OF_REF)
    way = mapping(decision.get("algorithm"))
    kind = str(way.get("type") or "")
    if kind == "latency_aware" and len(names) > 1:
        return {"route": {"fastest": names}}
    if kind not in _IN_ORDER:
        said = f"algorithm `{kind}`; the first of the models is called, the others where it fails"
        draft.left_out(f"{place}.algorithm", said)
    elif len(names) > 1:
        draft.differs(f"{place}.modelRefs", "models after the first are called where those before them fail")
    return {"route": names[0] if len(names) == 1 else names}


def _reasoning(ref: Mapping[str, Any], draft: Draft, place: str, modifiers: dict[str, Any]) -> None:
    """How long the first model thinks."""
    effort = ref.get("reasoning_effort")
    if ref.get("use_reasoning") and effort in _EFFORTS:
        modifiers["params"] = {"reasoning_effort": effort}
    elif "use_reasoning" in ref:
        draft.left_out(f"{place}.modelRefs", "switching a model's reasoning on or off, other than by its effort")
