"""Models and the servers behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy_engine.authoring.draft import Draft, entries, mapping, slug, unused

_OF_MODEL = (
    "name",
    "provider_model_id",
    "external_model_ids",
    "api_format",
    "pricing",
    "backend_refs",
    "reasoning_family",
)
_OF_CARD = (
    "name",
    "description",
    "context_window_size",
    "quality_score",
    "tags",
    "modality",
    "capabilities",
    "param_size",
)
_OF_BACKEND = (
    "name",
    "endpoint",
    "base_url",
    "protocol",
    "type",
    "provider",
    "auth_header",
    "auth_prefix",
    "api_key_env",
    "weight",
)
_PRICES = {
    "prompt_per_1m": "input",
    "completion_per_1m": "output",
    "cached_input_per_1m": "cached_input",
    "cache_write_per_1m": "cache_write",
}


def add_models(config: Mapping[str, Any], draft: Draft) -> None:
    """Adds all models and their providers to a draft, and the default model."""
    providers, routing = mapping(config.get("providers")), mapping(config.get("routing"))
    bindings = {str(model.get("name")): model for model in entries(providers.get("models"))}
    cards = {str(card.get("name")): card for card in entries(routing.get("modelCards"))}
    for name in dict.fromkeys((*cards, *bindings)):
        _add_model(name, cards.get(name, {}), bindings.get(name, {}), draft)
    defaults = mapping(providers.get("defaults"))
    draft.rest("providers.defaults", defaults, ("default_model",))
    chosen = defaults.get("default_model") or next(iter(draft.section("models")), None)
    draft.default = {"route": chosen} if chosen else {"deny": {"status": 503, "message": "no model is configured"}}


def _add_model(name: str, card: Mapping[str, Any], binding: Mapping[str, Any], draft: Draft) -> None:
    place = f"providers.models.{name}"
    draft.rest(place, binding, _OF_MODEL)
    draft.rest(f"routing.modelCards.{name}", card, _OF_CARD)
    model: dict[str, Any] = {"provider": _provider(name, binding, draft, place), "model": _id_of(name, binding)}
    model |= _price(mapping(binding.get("pricing")), draft, place)
    if isinstance(card.get("context_window_size"), int) and card["context_window_size"] > 0:
        model["context"] = card["context_window_size"]
    quality = card.get("quality_score")
    if isinstance(quality, int | float) and 0 < quality <= 1:
        model["quality"] = quality
    if tags := [str(tag) for tag in card.get("tags") or () if not any(map(str.isspace, str(tag)))]:
        model["tags"] = tags
    draft.section("models")[name] = model


def _id_of(name: str, binding: Mapping[str, Any]) -> str:
    others = mapping(binding.get("external_model_ids"))
    return str(binding.get("provider_model_id") or next(iter(others.values()), name))


def _price(pricing: Mapping[str, Any], draft: Draft, place: str) -> dict[str, Any]:
    if not pricing:
        return {}
    if pricing.get("currency", "USD") != "USD":
        draft.left_out(f"{place}.pricing", "a price in another currency than US dollars")
        return {}
    # What is not stated costs nothing there.
    price = {ours: pricing[theirs] for theirs, ours in _PRICES.items() if pricing.get(theirs) is not None}
    return {"price": {"input": 0, "output": 0, **price}}


def _provider(model: str, binding: Mapping[str, Any], draft: Draft, place: str) -> str:
    """The name of the provider that reaches the model's first server."""
    backends = entries(binding.get("backend_refs"))
    if len(backends) > 1:
        draft.left_out(f"{place}.backend_refs", "servers after the first of a model, and their weights")
    backend = backends[0] if backends else {}
    draft.rest(f"{place}.backend_refs", backend, _OF_BACKEND)
    kind = "anthropic" if binding.get("api_format") == "anthropic" else "openai"
    provider: dict[str, Any] = {"kind": kind, "base_url": _address(backend)}
    if not backends:
        draft.to_supply(
            place, "the address of a model that has no server, in the environment variable VLLM_SR_BASE_URL"
        )
    if backend.get("api_key_env"):
        provider["api_key"] = f"${{{backend['api_key_env']}}}"
    known = draft.section("providers")
    for name, other in known.items():
        if other == provider:
            return name
    name = unused(slug(str(backend.get("name") or model)), known)
    known[name] = provider
    return name


def _address(backend: Mapping[str, Any]) -> str:
    if backend.get("base_url"):
        return str(backend["base_url"])
    if not backend.get("endpoint"):
        return "${VLLM_SR_BASE_URL}"
    endpoint = str(backend["endpoint"]).rstrip("/")
    if "://" in endpoint:
        return endpoint
    return f"{backend.get('protocol') or 'http'}://{endpoint}" + ("" if "/" in endpoint else "/v1")
