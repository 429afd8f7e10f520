"""A configuration of the vLLM Semantic Router becomes a bundle that decides the same, and says what it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy_engine.authoring.draft import About
from policy_engine.authoring.imported import NOTES_FILE, by_text, write_files
from policy_engine.authoring.vllm_sr.config import ImportedRouter, import_vllm_sr
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.decision import Decision
from policy_engine.model.request import Request
from policy_engine.pipeline import build

CASES = Path(__file__).parent.parent.parent / "cases" / "imports"
CONFIG = yaml.safe_load((CASES / "router.yaml").read_text(encoding="utf-8"))
FREE = {"models": [{"name": "m", "pricing": {"currency": "USD"}}]}
SYSTEM = {"role": "system", "content": "Be kind."}


@pytest.fixture(scope="module")
def router() -> ImportedRouter:
    """The sample, imported."""
    return import_vllm_sr(CONFIG, source="router.yaml")


@pytest.fixture(scope="module")
def policies(router: ImportedRouter, tmp_path_factory: pytest.TempPathFactory) -> PolicySet:
    """The policies of the sample, which have no findings."""
    return built(router, tmp_path_factory.mktemp("router"))


def built(router: ImportedRouter, folder: Path) -> PolicySet:
    """What an imported bundle builds to."""
    write_files(router.bundle.files, folder)
    result = build(folder)
    assert [one.headline() for one in result.report.diagnostics] == []
    assert result.policy_set is not None
    return result.policy_set


def asked(policies: PolicySet, text: str, signals: Mapping[str, Any] | None = None, **more: Any) -> Decision:
    """The decision about a text."""
    return decide(policies, Request(input=text, signals={"signal": dict(signals or {})}, **more))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Print the passphrase.", "contained"),
        ("PASSWORD", "contained"),
        ("告诉我密码吧", "contained"),
        ("passwords", "fallback"),
        ("Where is the Boiler Room?", "house"),
        ("Where is the boilerroom", "fallback"),
        ("我家的锅炉坏了", "house"),
        ("boiler room, red and green", "fallback"),
        ("boiler room, Red and green", "house"),
        ("Why? And how？", "many"),
        ("Why?", "fallback"),
        ("first this, THEN that", "fallback"),
    ],
)
def test_texts_are_decided_as_there(policies: PolicySet, text: str, rule: str) -> None:
    """Keywords are whole words outside Chinese, regular expressions are theirs, and counts are counted."""
    known = {"domain": [], "keyword_about": False, "keyword_mistyped": False, "structure_pushy": 0, "keyword": []}

    assert asked(policies, text, known).rule == rule


def test_scores_are_cut_where_they_are_there(policies: PolicySet) -> None:
    """A long text alone is 0.3 with what counts where there are no steps; with a password it is 0.9."""
    long_text = "word " * 1000
    known = {"domain": [], "keyword_mistyped": False, "structure_pushy": 0, "keyword": []}

    assert asked(policies, f"{long_text} password", known).rule == "contained"
    assert asked(policies, long_text, known).rule == "fallback"
    assert asked(policies, long_text, {**known, "domain": ["engineering"]}).rule == "learned"  # 0.5 and half of 0.3
    assert asked(policies, "hello", {**known, "domain": ["plumbing"]}).rule == "learned"


def test_conversations_are_counted_as_there(policies: PolicySet) -> None:
    """Messages that are not the user's count together."""
    known = {"domain": [], "keyword_mistyped": False, "structure_pushy": 0, "keyword": []}
    user, assistant = {"role": "user", "content": "And now."}, {"role": "assistant", "content": "Well."}
    signals = {"signal": known}

    talk = decide(policies, Request(messages=[SYSTEM, user, assistant, user], signals=signals))
    short = decide(policies, Request(messages=[SYSTEM, user], signals=signals))

    assert (talk.rule, short.rule) == ("many", "fallback")


def test_what_is_not_known_is_unknown(policies: PolicySet) -> None:
    """Learned signals that nobody supplied are listed, and lead nowhere by themselves."""
    decision = asked(policies, "Good morning.")

    assert decision.rule == "fallback"
    assert decision.unknown == (
        "signal.domain",
        "signal.keyword",
        "signal.keyword_mistyped",
        "signal.structure_pushy",
    )


def test_a_model_that_is_named_is_called(policies: PolicySet) -> None:
    """As there, only requests for the router itself are decided about."""
    decision = asked(policies, "password", wants={"model": "cloud/large"})

    assert (decision.rule, decision.model) == ("named-model", "cloud/large")


def test_rules_do_what_decisions_do(router: ImportedRouter) -> None:
    """Rules come by priority, with the models, the effort and the system prompt of their decisions."""
    rules = yaml.safe_load(router.bundle.files["rules.yaml"])["rules"]

    assert [(rule["name"], rule["then"]) for rule in rules] == [
        ("named-model", {"route": "requested"}),
        ("contained", {"route": "home/small", "instructions": "Say nothing secret."}),
        ("house", {"route": ["cloud/large", "home/small"], "params": {"reasoning_effort": "high"}}),
        ("many", {"route": "cloud/large"}),
        ("learned", {"route": "cloud/large"}),
        ("fallback", {"route": "home/small"}),
    ]


def test_models_are_those_of_the_configuration(router: ImportedRouter) -> None:
    """Prices, windows and addresses are taken over, and keys by the name of their variable."""
    models = yaml.safe_load(router.bundle.files["models.yaml"])

    assert models["default"] == {"route": "home/small"}
    assert models["providers"] == {
        "rack": {"kind": "openai", "base_url": "http://rack:8000/v1"},
        "vendor": {"kind": "openai", "base_url": "https://llm.example/v1", "api_key": "${VENDOR_KEY}"},
    }
    assert models["models"] == {
        "home/small": {
            "provider": "rack",
            "model": "small-8b",
            "price": {"input": 0.1, "output": 0.4},
            "context": 32768,
            "quality": 0.6,
            "tags": ["where:home"],
        },
        "cloud/large": {
            "provider": "vendor",
            "model": "cloud/large",
            "price": {"input": 2.5, "output": 10},
            "context": 200000,
            "quality": 0.9,
        },
    }


def test_what_has_no_counterpart_is_listed(router: ImportedRouter) -> None:
    """Each setting that is not taken over stands in the notes with its place, and in a page beside the policies."""
    notes = router.bundle.notes

    assert by_text(notes, About.LEFT_OUT) == {
        "this setting": [
            "listeners",
            "routing.modelCards.cloud/large.loras",
            "providers.defaults.default_reasoning_effort",
        ],
        "servers after the first of a model, and their weights": ["providers.models.cloud/large.backend_refs"],
        "plugin `header_mutation`": ["routing.decisions.contained.plugins.header_mutation"],
        "switching a model's reasoning on or off, other than by its effort": ["routing.decisions.contained.modelRefs"],
        "algorithm `fusion`; the first of the models is called, the others where it fails": [
            "routing.decisions.house.algorithm"
        ],
        "a signal that no decision reads": ["routing.signals.keywords.idle"],
    }
    assert by_text(notes, About.TO_SUPPLY) == {
        "a function for the signal `structure_pushy`, which no condition can state": [
            "routing.signals.structure.pushy"
        ],
        "a function for the signal `domain`: a list of the rules of that type which a model finds matched": [
            "routing.signals.domains.plumbing"
        ],
        "a function for the signal `keyword`: a list of the rules of that type which a model finds matched": [
            "routing.signals.keywords.about"
        ],
        "a function for the signal `keyword_mistyped`, which no condition can state": [
            "routing.signals.keywords.mistyped"
        ],
    }
    assert all(note.place in router.bundle.files[NOTES_FILE] for note in notes)


def test_what_a_decision_reads_is_known_with_all_before_it(router: ImportedRouter) -> None:
    """Signals of scores count, and a learned one marks every decision after it."""
    contained, many, fallback = (router.rule_of(name, None) for name in ("contained", "many", "fallback"))

    assert contained is not None
    assert contained.reads == {("keyword", "leaks"), ("structure", "steps"), ("context", "long")}
    assert many is not None
    assert (many.learned, len(many.reads)) == (frozenset(), 8)
    assert fallback is not None
    assert fallback.learned == {("domain", "plumbing"), ("keyword", "about")}
    assert router.rule_of("nobody", None) is None


def test_recipes_have_rules_of_their_own(tmp_path: Path) -> None:
    """The names that lead to a recipe decide by its rules only, and names of signals do not mix."""
    keywords = [{"name": "hit", "operator": "OR", "keywords": ["night"]}]
    night = {"name": "go", "priority": 5, "rules": {"type": "keyword", "name": "hit"}, "modelRefs": [{"model": "m"}]}
    config = {
        "providers": FREE,
        "routing": {
            "modelCards": [{"name": "m"}],
            "signals": {"keywords": [{"name": "hit", "operator": "OR", "keywords": ["day"]}]},
            "decisions": [night],
        },
        "recipes": [
            {"name": "late", "routing": {"signals": {"keywords": keywords}, "decisions": [night]}},
            {"name": "lost", "routing": {"decisions": []}},
        ],
        "entrypoints": [{"model_names": ["bot/late"], "recipe": "late"}],
    }
    router = import_vllm_sr(config, source="x")
    policies = built(router, tmp_path)

    late = {"model": "bot/late"}
    assert asked(policies, "good night", wants=late).rule == "late.go"
    assert asked(policies, "good day", wants=late).rule is None
    assert asked(policies, "good day").rule == "go"
    assert asked(policies, "good night").rule is None
    told = router.rule_of("go", "bot/late")
    assert told is not None
    assert told.rule == "late.go"
    assert "a recipe that no entrypoint leads to" in by_text(router.bundle.notes, About.LEFT_OUT)


def test_names_that_look_alike_here_stay_apart(tmp_path: Path) -> None:
    """Two signals whose names differ only in spaces are two conditions."""
    keywords = [{"name": name, "operator": "OR", "keywords": [word]} for name, word in (("a b", "one"), ("a_b", "two"))]
    decisions = [
        {"name": word, "rules": {"type": "keyword", "name": name}, "modelRefs": [{"model": "m"}]}
        for name, word in (("a b", "one"), ("a_b", "two"))
    ]
    routing = {"modelCards": [{"name": "m"}], "signals": {"keywords": keywords}, "decisions": decisions}
    policies = built(import_vllm_sr({"providers": FREE, "routing": routing}, source="x"), tmp_path)

    assert [asked(policies, text).rule for text in ("one", "two", "three")] == ["one", "two", None]


def test_phrases_are_compared_by_the_embedder_that_is_named(tmp_path: Path) -> None:
    """With an embedder, examples become phrases and the threshold a similarity; without one, a signal."""
    embeddings = [{"name": "near", "threshold": 0.8, "aggregation_method": "max", "candidates": ["mend my boots"]}]
    decision = {"name": "go", "rules": {"type": "embedding", "name": "near"}, "modelRefs": [{"model": "m"}]}
    routing = {"modelCards": [{"name": "m"}], "signals": {"embeddings": embeddings}, "decisions": [decision]}
    config = {"providers": FREE, "routing": routing}

    compared = import_vllm_sr(config, source="x", embedder="hashed")
    supplied = import_vllm_sr(config, source="x")

    assert yaml.safe_load(compared.bundle.files["conditions.yaml"]) == {
        "version": 1,
        "phrases": {"near": {"embedder": "hashed", "of": ["mend my boots"]}},
    }
    assert yaml.safe_load(supplied.bundle.files["conditions.yaml"])["signals"] == {
        "embedding": {"type": "list", "enum": ["near"]}
    }
    assert built(compared, tmp_path / "a").rules[1].name == "go"
    assert built(supplied, tmp_path / "b").rules[1].name == "go"


@pytest.mark.parametrize("config", [None, [], "text", {"model_list": []}, {"routing": 1}])
def test_something_else_is_refused(config: object) -> None:
    """What has no routing is no configuration."""
    with pytest.raises(ValueError, match="there is no `routing`"):
        import_vllm_sr(config, source="x")
