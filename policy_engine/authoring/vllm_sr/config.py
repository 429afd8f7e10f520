"""A configuration of the vLLM Semantic Router, read whole and turned into a bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policy_engine.authoring.draft import Draft, entries, mapping, slug
from policy_engine.authoring.imported import Imported, imported
from policy_engine.authoring.vllm_sr.decisions import RuleReads, add_rules
from policy_engine.authoring.vllm_sr.models import add_models
from policy_engine.authoring.vllm_sr.profile import Profile, read_profile
from policy_engine.authoring.vllm_sr.signals import Signals

_PROFILE = ("modelCards", "signals", "projections", "decisions", "strategy")
_PROJECTIONS = ("scores", "mappings")
_RULES = "rules.yaml"

NAMED_MODEL = "named-model"
"""The rule for requests that name a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRouter:
    """
    A bundle made from a router's configuration.

    Attributes:
        bundle: its files and notes.
        rules: what each rule, and all before it, read; in order of decision, by the profile's virtual models.
        measures: functions from a message to the values of signals that no condition can state.
    """

    bundle: Imported
    rules: Sequence[RuleReads]
    measures: Mapping[str, Callable[[str], bool | float]] = field(default_factory=dict)

    def rule_of(self, decision: str, model: str | None) -> RuleReads | None:
        """The rule that a decision became, and what it reads; `model` is the name by which the router is called."""
        found = [one for one in self.rules if one.decision == decision]
        led_to = [one for one in found if model in one.models or (model is None and not one.models)]
        return next(iter(led_to or found), None)


def import_vllm_sr(config: object, *, source: str, embedder: str | None = None) -> ImportedRouter:
    """
    The bundle that decides as a router's configuration does, and notes on all that it cannot do.

    Args:
        config: the configuration, as plain data.
        source: what it is called, for those who read the bundle.
        embedder: the embedder that compares phrases; without one, similarities have to be supplied.

    Raises:
        ValueError: it is no configuration of version v0.3.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("routing", config.get("recipes")), Mapping | list):
        raise ValueError("there is no `routing`: this is no configuration of the vLLM Semantic Router, version v0.3")
    draft = Draft()
    _top(config, draft)
    add_models(config, draft)
    if entries(mapping(config.get("routing")).get("decisions")):
        # There, a request that names a model goes to it; only the names of the router itself are decided about.
        named = {"name": NAMED_MODEL, "when": {"wants": {"model": list(draft.section("models"))}}}
        draft.rules[_RULES] = [{**named, "then": {"route": "requested"}}]
    measures: dict[str, Callable[[str], bool | float]] = {}
    told: list[RuleReads] = []
    for part in _parts(config, draft):
        signals = Signals(profile=part.profile, draft=draft, prefix=part.prefix, embedder=embedder)
        told += add_rules(part.profile, signals, draft, file=part.file, models=part.models)
        measures |= signals.measures
        _unread(part.profile, signals, draft)
    return ImportedRouter(bundle=imported(draft, source=source), rules=tuple(told), measures=measures)


def _top(config: Mapping[str, Any], draft: Draft) -> None:
    draft.rest("", config, ("version", "providers", "routing", "recipes", "entrypoints", "global"))
    for name, settings in mapping(config.get("global")).items():
        inner = mapping(settings)
        draft.rest(f"global.{name}", inner, ("auto_model_names",) if name == "router" else ())
        if not inner:
            draft.left_out(f"global.{name}", "this setting")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A profile, what goes before its names, the file of its rules, and the names of the router that lead to it."""

    profile: Profile
    prefix: str
    file: str
    models: Sequence[str]


def _parts(config: Mapping[str, Any], draft: Draft) -> list[_Part]:
    entrypoints, routing = entries(config.get("entrypoints")), mapping(config.get("routing"))
    parts = [part for recipe in entries(config.get("recipes")) if (part := _recipe(recipe, entrypoints, draft))]
    _rest_of_profile(routing, draft, "routing")
    if entries(routing.get("decisions")):
        if parts:
            others = [model for part in parts for model in part.models]
            draft.scopes[_RULES] = {"wants": {"model": {"not_in": others}}}
        parts.append(_Part(profile=read_profile(routing, "routing"), prefix="", file=_RULES, models=()))
    return parts


def _recipe(recipe: Mapping[str, Any], entrypoints: Sequence[Mapping[str, Any]], draft: Draft) -> _Part | None:
    """A named profile, whose rules are for the names that lead to it."""
    name, place = str(recipe.get("name")), f"recipes.{recipe.get('name')}"
    models = [
        str(one) for entry in entrypoints if entry.get("recipe") == name for one in entry.get("model_names") or ()
    ]
    if name == "default":
        models.append("auto")
    if not models:
        draft.left_out(place, "a recipe that no entrypoint leads to")
        return None
    routing, file = mapping(recipe.get("routing")), f"rules-{slug(name)}.yaml"
    draft.rest(place, recipe, ("name", "description", "routing"))
    _rest_of_profile(routing, draft, f"{place}.routing")
    draft.scopes[file] = {"wants": {"model": models}}
    profile = read_profile(routing, f"{place}.routing")
    return _Part(profile=profile, prefix=f"{slug(name)}.", file=file, models=models)


def _rest_of_profile(routing: Mapping[str, Any], draft: Draft, place: str) -> None:
    draft.rest(place, routing, _PROFILE)
    draft.rest(f"{place}.projections", mapping(routing.get("projections")), _PROJECTIONS)


def _unread(profile: Profile, signals: Signals, draft: Draft) -> None:
    """Notes the signals that no decision reads."""
    for kind, name in profile.signals:
        if not any(seen[0] == kind and seen[1].partition(":")[0] == name for seen in signals.seen):
            draft.left_out(signals.place(kind, name), "a signal that no decision reads")
