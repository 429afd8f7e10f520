"""Imported policies decide as the other router's own rules of evaluation would, whatever the configuration."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.authoring.imported import write_files
from policy_engine.authoring.vllm_sr.config import import_vllm_sr
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.pipeline import build

WORDS = ("red", "blue", "green", "dark red", "红", "x_1")
SIGNALS: dict[str, list[dict[str, Any]]] = {
    "keywords": [
        {"name": f"k{number}", "operator": operator, "keywords": list(words)}
        for number, (operator, words) in enumerate(
            [("OR", ("red",)), ("OR", ("blue", "红")), ("AND", ("green", "red")), ("NOR", ("x_1", "dark red"))]
        )
    ],
    "context": [
        {"name": "c0", "min_tokens": "0", "max_tokens": "3"},
        {"name": "c1", "min_tokens": "4", "max_tokens": "9"},
    ],
}
LEAVES = [
    *(("keyword", f"k{number}") for number in range(4)),
    ("context", "c0"),
    ("context", "c1"),
    ("projection", "b0"),
    ("projection", "b1"),
]


def leaves() -> st.SearchStrategy[dict[str, Any]]:
    """A signal, or a band of the score."""
    return st.sampled_from(LEAVES).map(lambda leaf: {"type": leaf[0], "name": leaf[1]})


def trees() -> st.SearchStrategy[dict[str, Any]]:
    """A tree of signals, with operators that have any number of members."""
    return st.recursive(
        leaves(),
        lambda inner: st.builds(
            lambda operator, conditions: {"operator": operator, "conditions": conditions},
            st.sampled_from(["AND", "OR", "NOT"]),
            st.lists(inner, max_size=3),
        ),
        max_leaves=6,
    )


def configurations() -> st.SearchStrategy[dict[str, Any]]:
    """A few decisions, in tiers or not, over a score of the signals."""
    decision = st.fixed_dictionaries({"rules": trees(), "priority": st.integers(0, 3), "tier": st.integers(0, 2)})
    weights = st.lists(st.sampled_from([-0.5, 0.25, 0.5, 1.0]), min_size=3, max_size=3)
    return st.builds(_configuration, st.lists(decision, min_size=1, max_size=4), weights)


def _configuration(decisions: list[dict[str, Any]], weights: list[float]) -> dict[str, Any]:
    inputs = [{"type": "keyword", "name": f"k{number}", "weight": weight} for number, weight in enumerate(weights)]
    inputs[1]["miss"] = 0.5
    bands = [{"name": "b0", "gte": 0.5}, {"name": "b1", "gt": 0.0}]
    for number, decision in enumerate(decisions):
        decision |= {"name": f"d{number}", "modelRefs": [{"model": "m"}]}
    return {
        "routing": {
            "modelCards": [{"name": "m"}],
            "signals": SIGNALS,
            "projections": {
                "scores": [{"name": "s", "inputs": inputs}],
                "mappings": [{"name": "m", "source": "s", "outputs": bands}],
            },
            "decisions": decisions,
        }
    }


@settings(max_examples=40)
@given(configurations(), st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), min_size=4, max_size=8))
def test_decisions_are_those_of_the_other_router(config: dict[str, Any], texts: list[str]) -> None:
    """Trees, scores, bands and the order of decisions come to the same as their evaluation in a few plain lines."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(import_vllm_sr(config, source="x").bundle.files, Path(folder))
        result = build(folder)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]

    decided = [decide(result.policy_set, Request(input=text or " ")).rule for text in texts]

    assert decided == [_chosen(config["routing"], text or " ") for text in texts]


def _chosen(routing: dict[str, Any], text: str) -> str | None:
    matched = _signals(text)
    score = 0.0
    for given_input in routing["projections"]["scores"][0]["inputs"]:
        hit = ("keyword", given_input["name"]) in matched
        score += given_input["weight"] * (1.0 if hit else given_input.get("miss", 0.0))
    matched |= {("projection", "b0")} if score >= 0.5 else {("projection", "b1")} if score > 0 else set()
    ranked = sorted(routing["decisions"], key=lambda one: (one["tier"], -one["priority"], one["name"]))
    return next((one["name"] for one in ranked if _holds(one["rules"], matched)), None)


def _signals(text: str) -> set[tuple[str, str]]:
    found = set()
    for rule in SIGNALS["keywords"]:
        hits = [_is_there(word, text) for word in rule["keywords"]]
        holds = {"OR": any(hits), "AND": all(hits), "NOR": not any(hits)}[rule["operator"]]
        found |= {("keyword", rule["name"])} if holds else set()
    tokens = -(-len(text.encode()) // 4)
    for band in SIGNALS["context"]:
        found |= {("context", band["name"])} if int(band["min_tokens"]) <= tokens <= int(band["max_tokens"]) else set()
    return found


def _is_there(word: str, text: str) -> bool:
    pattern = re.escape(word) if word == "红" else rf"\b{re.escape(word)}\b"
    return re.search(pattern, text, re.IGNORECASE | re.ASCII) is not None


def _holds(node: dict[str, Any], matched: set[tuple[str, str]]) -> bool:
    if "type" in node:
        return (node["type"], node["name"]) in matched
    parts = [_holds(child, matched) for child in node["conditions"]]
    if node["operator"] == "NOT":
        return len(parts) == 1 and not parts[0]
    return all(parts) if node["operator"] == "AND" else any(parts)
