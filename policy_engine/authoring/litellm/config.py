"""A configuration of the LiteLLM proxy, turned into a bundle: a rule for each model name that callers may ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policy_engine.authoring.draft import Draft, entries, mapping, unused
from policy_engine.authoring.imported import Imported, imported
from policy_engine.authoring.litellm.deployments import PARAMS, add_deployment, slug_of_group

_ROUTER = (
    "fallbacks",
    "context_window_fallbacks",
    "default_fallbacks",
    "model_group_alias",
    "routing_strategy",
    "num_retries",
    "timeout",
)
_SETTINGS = ("fallbacks", "context_window_fallbacks", "default_fallbacks", "num_retries", "request_timeout")
_CHOICES = {"latency-based-routing": "fastest", "cost-based-routing": "cheapest"}
_FILE = "rules.yaml"


@dataclass(slots=True)
class _Group:
    """Deployments under one name: our names of them, and the parameters they state."""

    models: list[str] = field(default_factory=list)
    params: list[dict[str, Any]] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)


def import_litellm(config: object, *, source: str) -> Imported:
    """
    The bundle that sends requests where a proxy's configuration sends them, and notes on all that it cannot do.

    Args:
        config: the configuration, as plain data.
        source: what it is called, for those who read the bundle.

    Raises:
        ValueError: it is no configuration of the LiteLLM proxy.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("model_list"), list):
        raise ValueError("there is no `model_list`: this is no configuration of the LiteLLM proxy")
    draft = Draft()
    router, settings = mapping(config.get("router_settings")), mapping(config.get("litellm_settings"))
    _notes(config, router, settings, draft)
    groups = _groups(entries(config["model_list"]), {**settings, **router, **_timeout(router, settings)}, draft)
    routes = {name: _route(name, groups, router, settings, draft) for name in groups}
    for name, route in routes.items():
        if route:
            _add_rule(name, name, route, groups[name], draft)
    for alias, target in mapping(router.get("model_group_alias")).items():
        name = str(target.get("model") if isinstance(target, Mapping) else target)
        if routes.get(name):
            _add_rule(str(alias), name, routes[name], groups[name], draft)
        else:
            draft.left_out(f"router_settings.model_group_alias.{alias}", "an alias of a model that is not there")
    draft.default = {"deny": {"status": 400, "message": "there is no model of this name"}}
    return imported(draft, source=source)


def _timeout(router: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    found = router.get("timeout", settings.get("request_timeout"))
    return {} if found is None else {"timeout": found}


def _notes(config: Mapping[str, Any], router: Mapping[str, Any], settings: Mapping[str, Any], draft: Draft) -> None:
    draft.rest("", config, ("model_list", "router_settings", "litellm_settings", "general_settings"))
    draft.rest("router_settings", router, _ROUTER)
    draft.rest("litellm_settings", settings, _SETTINGS)
    draft.rest("general_settings", mapping(config.get("general_settings")), ())


def _groups(listed: Sequence[Mapping[str, Any]], defaults: Mapping[str, Any], draft: Draft) -> dict[str, _Group]:
    """Deployments by the name that callers use, in the order of their `order`."""
    groups: dict[str, _Group] = {}
    numbered = list(enumerate(listed))
    for number, entry in sorted(numbered, key=lambda one: mapping(one[1].get("litellm_params")).get("order") or 0):
        name, params = str(entry.get("model_name")), mapping(entry.get("litellm_params"))
        place = f"model_list[{number}]"
        group = groups.setdefault(name, _Group())
        if str(params.get("model")).startswith("auto_router/"):
            _choose(group, params, draft, place)
            continue
        added = add_deployment(entry, draft, place, defaults)
        if added is not None:
            group.models.append(added)
            group.params.append({key: params[key] for key in PARAMS if params.get(key) is not None})
    return {name: groups[name] for name in dict.fromkeys(str(entry.get("model_name")) for entry in listed)}


def _choose(group: _Group, params: Mapping[str, Any], draft: Draft, place: str) -> None:
    """A router that learns or scores which of its models to call: here they are called in order."""
    kind = str(params.get("model")).partition("/")[2]
    draft.left_out(place, f"the way in which `{kind}` chooses; its models are called in order")
    settings = mapping(params.get(f"{kind}_config"))
    tiers = [model for model in mapping(settings.get("tiers")).values() if isinstance(model, str)]
    named = [*(settings.get("available_models") or ()), *tiers, params.get(f"{kind}_default_model")]
    group.choices = list(dict.fromkeys(str(name) for name in named if name))


def _route(
    name: str, groups: Mapping[str, _Group], router: Mapping[str, Any], settings: Mapping[str, Any], draft: Draft
) -> list[Any]:
    """Where requests for a name go: its deployments, then its fallbacks."""
    chain = _targets(name, groups, router, draft)
    for section, said in (("router_settings", router), ("litellm_settings", settings)):
        for kind in ("fallbacks", "context_window_fallbacks"):
            for fallback in _fallbacks(said.get(kind), name):
                chain += _fallback(fallback, groups, router, draft, f"{section}.{kind}.{name}")
                if kind == "context_window_fallbacks":
                    said_so = "fallbacks for long requests are tried after any failure, too"
                    draft.differs(f"{section}.{kind}.{name}", said_so)
        for fallback in said.get("default_fallbacks") or ():
            chain += _fallback(str(fallback), groups, router, draft, f"{section}.default_fallbacks")
    return [link for number, link in enumerate(chain) if link not in chain[:number]]


def _fallback(
    name: str, groups: Mapping[str, _Group], router: Mapping[str, Any], draft: Draft, place: str
) -> list[Any]:
    targets = _targets(name, groups, router, draft)
    if not targets:
        draft.left_out(place, "a fallback to a model that is not there")
    return targets


def _targets(name: str, groups: Mapping[str, _Group], router: Mapping[str, Any], draft: Draft) -> list[Any]:
    group = groups.get(name)
    if group is None:
        return []
    if group.choices:
        return [link for choice in group.choices if choice != name for link in _targets(choice, groups, router, draft)]
    if len(group.models) < 2:
        return list(group.models)
    tiers = draft.section("tiers")
    tier = next((known for known, models in tiers.items() if models == group.models), None)
    if tier is None:
        tier = unused(f"{slug_of_group(name)}-all", (*tiers, *draft.section("models")))
        tiers[tier] = group.models
    return [_chosen(tier, str(router.get("routing_strategy") or "simple-shuffle"), draft, name)]


def _chosen(tier: str, strategy: str, draft: Draft, name: str) -> Any:
    if strategy in _CHOICES:
        return {_CHOICES[strategy]: [tier]}
    draft.differs(f"model_list.{name}", f"deployments of one name are called in order, not by `{strategy}`")
    return tier


def _fallbacks(written: object, name: str) -> list[str]:
    return [str(model) for entry in entries(written) for model in entry.get(name, entry.get("*")) or ()]


def _add_rule(asked: str, name: str, route: list[Any], group: _Group, draft: Draft) -> None:
    then: dict[str, Any] = {"route": route[0] if len(route) == 1 else route}
    shared = group.params[0] if group.params and all(params == group.params[0] for params in group.params) else {}
    if shared:
        then["params"] = shared
        draft.differs(f"model_list.{name}", "parameters of a deployment override what the caller sends")
    elif any(group.params):
        draft.left_out(f"model_list.{name}", "parameters that only some deployments of a name have")
    rules = draft.rules.setdefault(_FILE, [])
    title = unused(asked.strip() or "unnamed", [rule["name"] for rule in rules])
    rules.append({"name": title, "when": {"wants": {"model": asked}}, "then": then})
