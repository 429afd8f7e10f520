"""Deployments of LiteLLM's `model_list`: models of ours and the providers behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from policy_engine.authoring.draft import Draft, mapping, slug, unused

# Servers that speak OpenAI's API, by LiteLLM's name for them; None is OpenAI's own address.
_COMPATIBLE: Mapping[str, str | None] = {
    "openai": None,
    "text-completion-openai": None,
    "azure": "",
    "hosted_vllm": "",
    "openai_like": "",
    "custom_openai": "",
    "litellm_proxy": "",
    "ollama": "http://localhost:11434/v1",
    "ollama_chat": "http://localhost:11434/v1",
    "groq": "https://api.groq.com/openai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "together_ai": "https://api.together.xyz/v1",
    "fireworks_ai": "https://api.fireworks.ai/inference/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "mistral": "https://api.mistral.ai/v1",
    "xai": "https://api.x.ai/v1",
    "perplexity": "https://api.perplexity.ai",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
}
_BY_NAME = {
    "gpt-": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "chatgpt-": "openai",
    "claude-": "anthropic",
}
_CHATS = (None, "chat", "completion", "responses")
_KEYLESS = ("ollama", "ollama_chat", "hosted_vllm")
_PRICES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached_input",
    "cache_creation_input_token_cost": "cache_write",
}
_SIZES = {"max_input_tokens": "context", "max_output_tokens": "max_output"}
PARAMS = (
    "max_tokens",
    "temperature",
    "top_p",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "reasoning_effort",
)
_OF_PARAMS = (
    "model",
    "api_key",
    "api_base",
    "base_url",
    "api_version",
    "timeout",
    "max_retries",
    "num_retries",
    "tags",
    "order",
)


def add_deployment(entry: Mapping[str, Any], draft: Draft, place: str, defaults: Mapping[str, Any]) -> str | None:
    """
    The name of the model that an entry of `model_list` becomes, added to a draft; None if there is no counterpart.

    Args:
        defaults: `timeout` and `num_retries` of all deployments.
    """
    params, info = mapping(entry.get("litellm_params")), mapping(entry.get("model_info"))
    called, group = str(params.get("model") or ""), str(entry.get("model_name"))
    vendor, known_as = _split(called, params)
    reason = _no_counterpart(called, vendor, info, group)
    if reason:
        draft.left_out(place, reason)
        return None
    draft.rest(f"{place}.litellm_params", params, (*_OF_PARAMS, *PARAMS, *_PRICES))
    draft.rest(f"{place}.model_info", info, ("id", "mode", "base_model", *_PRICES, *_SIZES))
    draft.rest(place, entry, ("model_name", "litellm_params", "model_info"))
    provider = _provider(vendor, params, draft, place, group=group, defaults=defaults)
    model = {"provider": provider, "model": known_as, **_price({**info, **params}, draft, place)}
    model |= {ours: info[theirs] for theirs, ours in _SIZES.items() if isinstance(info.get(theirs), int)}
    if tags := [slug(str(tag)) for tag in params.get("tags") or ()]:
        model["tags"] = tags
        draft.differs(
            f"{place}.litellm_params.tags", "tags of a model; a rule with `only` asks for them, not the caller"
        )
    name = unused(slug_of_group(group), draft.section("models"))
    draft.section("models")[name] = model
    return name


def slug_of_group(group: str) -> str:
    """The name of a group, without spaces."""
    return group if group and not any(map(str.isspace, group)) else slug(group)


def _split(called: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """The vendor of a model and the vendor's own name of it."""
    vendor, slash, name = called.partition("/")
    if params.get("custom_llm_provider"):
        return str(params["custom_llm_provider"]), called
    if slash:
        return vendor, name
    return next((vendor for start, vendor in _BY_NAME.items() if called.startswith(start)), ""), called


def _no_counterpart(called: str, vendor: str, info: Mapping[str, Any], group: str) -> str:
    if "*" in called or "*" in group:
        return "a wildcard: every model has to be named"
    if vendor == "auto_router":
        return ""
    if info.get("mode") not in _CHATS:
        return f"a model for `{info['mode']}`"
    if vendor not in _COMPATIBLE and vendor != "anthropic":
        return f"models of `{vendor}`, whose API is not spoken here" if vendor else "a deployment that names no model"
    return ""


def _provider(
    vendor: str, params: Mapping[str, Any], draft: Draft, place: str, *, group: str, defaults: Mapping[str, Any]
) -> str:
    """The name of the provider that reaches a deployment."""
    base_url = _address(vendor, params, draft, place)
    provider: dict[str, Any] = {"kind": "anthropic" if vendor == "anthropic" else "openai"}
    provider |= {} if base_url is None else {"base_url": base_url}
    key = _key(vendor, params, draft, place, group)
    provider |= {} if key is None else {"api_key": key}
    timeout = params.get("timeout", defaults.get("timeout"))
    if isinstance(timeout, int | float) and timeout > 0:
        provider["timeout"] = f"{timeout}s"
    retries = params.get("max_retries", params.get("num_retries", defaults.get("num_retries")))
    if isinstance(retries, int):
        provider["retries"] = min(retries, 10)
    known = draft.section("providers")
    for name, other in known.items():
        if other == provider:
            return name
    name = unused(slug(vendor), known)
    known[name] = provider
    return name


def _address(vendor: str, params: Mapping[str, Any], draft: Draft, place: str) -> str | None:
    written = params.get("api_base") or params.get("base_url")
    usual = _COMPATIBLE.get(vendor)
    if written is None and usual == "":
        draft.to_supply(place, f"the address of `{vendor}`, in the environment variable {_variable(vendor)}_API_BASE")
        written = f"os.environ/{_variable(vendor)}_API_BASE"
    if written is None:
        return usual
    address = _secret(str(written)) or str(written).rstrip("/")
    if vendor == "azure" and not address.endswith("/v1"):
        draft.differs(place, "Azure is called by its `/openai/v1` API")
        return f"{address}/openai/v1"
    return address


def _key(vendor: str, params: Mapping[str, Any], draft: Draft, place: str, group: str) -> str | None:
    written = params.get("api_key")
    if written is None and vendor in _KEYLESS:
        return None
    if written is not None and (variable := _secret(str(written))):
        return variable
    if written is None:
        return f"${{{_variable(vendor)}_API_KEY}}"
    # A key that stands in the file is not copied; its variable is its own, so that no other key goes to that server.
    name = f"{_variable(group)}_API_KEY"
    draft.to_supply(
        f"{place}.litellm_params.api_key", f"a key that stands in the file, in the environment variable {name}"
    )
    return f"${{{name}}}"


def _secret(written: str) -> str | None:
    """`os.environ/NAME` as we write it."""
    return f"${{{written.removeprefix('os.environ/')}}}" if written.startswith("os.environ/") else None


def _variable(vendor: str) -> str:
    name = re.sub(r"[^A-Z0-9]+", "_", vendor.upper()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name or "MODEL"


def _price(told: Mapping[str, Any], draft: Draft, place: str) -> dict[str, Any]:
    price: dict[str, float] = {}
    for theirs, ours in _PRICES.items():
        per_million = _per_million(told.get(theirs))
        if per_million is not None:
            price[ours] = per_million
    if not price:
        return {}
    if "input" not in price or "output" not in price:
        draft.left_out(f"{place}.litellm_params", "a price of only one way, where both are needed")
        return {}
    return {"price": price}


def _per_million(per_token: object) -> float | None:
    try:
        return None if per_token is None else float(Decimal(str(per_token)) * 1_000_000)
    except InvalidOperation:
        return None
