"""A configuration of the LiteLLM proxy becomes a bundle that sends requests where the proxy would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy_engine.authoring.draft import About
from policy_engine.authoring.imported import Imported, by_text, write_files
from policy_engine.authoring.litellm.config import import_litellm
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.pipeline import build

CONFIG = yaml.safe_load("""\
model_list:
  - model_name: fast
    litellm_params:
      {model: gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY, temperature: 0.2, rpm: 100,
       input_cost_per_token: 0.00000015, output_cost_per_token: 6.0e-07}
    model_info: {max_input_tokens: 128000, max_output_tokens: 16384, supports_vision: true}
  - model_name: fast
    litellm_params:
      {model: azure/mini-eu, api_base: os.environ/AZURE_API_BASE, api_key: os.environ/AZURE_KEY, order: 1,
       temperature: 0.2, tags: [eu]}
  - model_name: smart model
    litellm_params: {model: anthropic/claude-sonnet-4-5, api_key: sk-written-out, timeout: 20, max_retries: 4}
  - model_name: own
    litellm_params: {model: openai/ours, api_base: "http://rack:8000/v1/", api_key: x, input_cost_per_token: 1.0e-06}
  - {model_name: home, litellm_params: {model: ollama_chat/llama3}}
  - {model_name: cloud, litellm_params: {model: bedrock/us.amazon.nova}}
  - {model_name: vectors, litellm_params: {model: openai/embed}, model_info: {mode: embedding}}
  - {model_name: "groq/*", litellm_params: {model: "groq/*"}}
  - {model_name: nameless}
  - model_name: picks
    litellm_params: {model: auto_router/adaptive_router, adaptive_router_config: {available_models: [home, fast]}}
router_settings:
  num_retries: 1
  timeout: 30
  fallbacks: [{fast: [smart model, gone]}]
  model_group_alias: {gpt-4: smart model, old: {model: gone, hidden: true}}
  enable_tag_filtering: true
litellm_settings:
  context_window_fallbacks: [{home: [fast]}]
  default_fallbacks: [own]
  callbacks: [otel]
general_settings: {master_key: os.environ/KEY, database_url: "postgresql://user:password@db/x"}
""")


@pytest.fixture(scope="module")
def made() -> Imported:
    """The sample, imported."""
    return import_litellm(CONFIG, source="proxy.yaml")


def section(made: Imported, file: str, name: str) -> Any:
    """A section of one of the files."""
    return yaml.safe_load(made.files[file])[name]


def test_each_name_has_a_rule(made: Imported) -> None:
    """Who asks for a name is sent to its deployments, then to its fallbacks."""
    rules = section(made, "rules.yaml", "rules")

    assert [(rule["name"], rule["when"], rule["then"]) for rule in rules] == [
        (
            "fast",
            {"wants": {"model": "fast"}},
            {"route": ["fast-all", "smart_model", "own"], "params": {"temperature": 0.2}},
        ),
        ("smart model", {"wants": {"model": "smart model"}}, {"route": ["smart_model", "own"]}),
        ("own", {"wants": {"model": "own"}}, {"route": "own"}),
        ("home", {"wants": {"model": "home"}}, {"route": ["home", "fast-all", "own"]}),
        ("cloud", {"wants": {"model": "cloud"}}, {"route": "own"}),
        ("vectors", {"wants": {"model": "vectors"}}, {"route": "own"}),
        ("groq/*", {"wants": {"model": "groq/*"}}, {"route": "own"}),
        ("nameless", {"wants": {"model": "nameless"}}, {"route": "own"}),
        ("picks", {"wants": {"model": "picks"}}, {"route": ["home", "fast-all", "own"]}),
        ("gpt-4", {"wants": {"model": "gpt-4"}}, {"route": ["smart_model", "own"]}),
    ]


def test_deployments_are_models_behind_providers(made: Imported) -> None:
    """Addresses, keys, prices and sizes are taken over; those with a lower `order` come first."""
    assert section(made, "models.yaml", "tiers") == [{"name": "fast-all", "models": ["fast", "fast-2"]}]
    assert section(made, "models.yaml", "models") == {
        "fast": {
            "provider": "openai",
            "model": "gpt-4o-mini",
            "price": {"input": 0.15, "output": 0.6},
            "context": 128000,
            "max_output": 16384,
        },
        "smart_model": {"provider": "anthropic", "model": "claude-sonnet-4-5"},
        "own": {"provider": "openai-2", "model": "ours"},
        "home": {"provider": "ollama_chat", "model": "llama3"},
        "fast-2": {"provider": "azure", "model": "mini-eu", "tags": ["eu"]},
    }
    usual = {"timeout": "30s", "retries": 1}
    assert section(made, "models.yaml", "providers") == {
        "openai": {"kind": "openai", "api_key": "${OPENAI_API_KEY}", **usual},
        "anthropic": {"kind": "anthropic", "api_key": "${SMART_MODEL_API_KEY}", "timeout": "20s", "retries": 4},
        "openai-2": {"kind": "openai", "base_url": "http://rack:8000/v1", "api_key": "${OWN_API_KEY}", **usual},
        "ollama_chat": {"kind": "openai", "base_url": "http://localhost:11434/v1", **usual},
        "azure": {"kind": "openai", "base_url": "${AZURE_API_BASE}/openai/v1", "api_key": "${AZURE_KEY}", **usual},
    }


def test_what_is_left_out_is_listed(made: Imported) -> None:
    """Settings, models and fallbacks without counterpart have their places, and no secret is written anywhere."""
    assert by_text(made.notes, About.LEFT_OUT) == {
        "this setting": [
            "router_settings.enable_tag_filtering",
            "litellm_settings.callbacks",
            "general_settings.database_url",
            "general_settings.master_key",
            "model_list[0].litellm_params.rpm",
            "model_list[0].model_info.supports_vision",
        ],
        "a price of only one way, where both are needed": ["model_list[3].litellm_params"],
        "models of `bedrock`, whose API is not spoken here": ["model_list[5]"],
        "a model for `embedding`": ["model_list[6]"],
        "a wildcard: every model has to be named": ["model_list[7]"],
        "a deployment that names no model": ["model_list[8]"],
        "the way in which `adaptive_router` chooses; its models are called in order": ["model_list[9]"],
        "a fallback to a model that is not there": ["router_settings.fallbacks.fast"],
        "an alias of a model that is not there": ["router_settings.model_group_alias.old"],
    }
    assert by_text(made.notes, About.TO_SUPPLY) == {
        "a key that stands in the file, in the environment variable SMART_MODEL_API_KEY": [
            "model_list[2].litellm_params.api_key"
        ],
        "a key that stands in the file, in the environment variable OWN_API_KEY": [
            "model_list[3].litellm_params.api_key"
        ],
    }
    assert not any("written-out" in text or "password" in text for text in made.files.values())


def test_the_bundle_decides(made: Imported, tmp_path: Path) -> None:
    """It builds, sends a name to its models, and refuses a name that nobody knows."""
    write_files(made.files, tmp_path)
    policies = build(tmp_path).policy_set
    assert policies is not None

    known = decide(policies, Request(input="Hello.", wants={"model": "gpt-4"}))
    strange = decide(policies, Request(input="Hello.", wants={"model": "gpt-9"}))

    assert (known.rule, known.model) == ("gpt-4", "smart_model")
    assert (strange.rule, strange.effect) == (None, "deny")


@pytest.mark.parametrize(
    ("strategy", "route"),
    [
        ("latency-based-routing", {"fastest": ["a-all"]}),
        ("cost-based-routing", {"cheapest": ["a-all"]}),
        ("least-busy", "a-all"),
    ],
)
def test_strategies_choose_among_deployments(strategy: str, route: object) -> None:
    """By latency and by price there are choices of ours; others are noted."""
    models = [{"model_name": "a", "litellm_params": {"model": f"openai/{name}"}} for name in ("x", "y")]
    config = {"model_list": models, "router_settings": {"routing_strategy": strategy}}

    made = import_litellm(config, source="x")

    assert section(made, "rules.yaml", "rules")[0]["then"] == {"route": route}
    assert bool(by_text(made.notes, About.DIFFERS)) is isinstance(route, str)


@pytest.mark.parametrize("config", [None, {}, {"model_list": {}}, {"routing": {}}])
def test_something_else_is_refused(config: object) -> None:
    """What has no list of models is no configuration."""
    with pytest.raises(ValueError, match="there is no `model_list`"):
        import_litellm(config, source="x")
