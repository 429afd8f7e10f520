"""Tests of holding expectations against decisions."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine.verify.expectation import Difference, differences

DECISION: dict[str, Any] = {
    "rule": None,
    "effect": "route",
    "tier": "fast",
    "model": "mini",
    "plan": {"steps": [{"models": ["mini", "big"]}, {"models": ["big"], "accept": "json"}]},
    "modifiers": {"params": {"max_tokens": 100, "temperature": 0}},
    "tags": ["b", "a"],
    "unknown": ["task"],
    "errors": ["attributes.plan: `x` is not one of free, pro"],
    "skipped": [{"model": "tiny", "reason": "it does not take images"}],
    "estimate": {"cost_usd": 0.002, "latency_ms": 400.0},
}


@pytest.mark.parametrize(
    "expect",
    [
        {"rule": "(default)", "effect": "route", "tier": "fast", "model": "mini"},
        {"tags": ["a", "b"], "unknown": ["task"]},
        {"errors": ["attributes.plan"]},
        {"errors": ["attributes.plan: `x` is not one of free, pro"]},
        {"skipped": ["tiny"]},
        {"plan": {"steps": [{"models": ["mini", "big"]}, {"accept": "json"}]}},
        {"modifiers": {"params": {"max_tokens": 100}, "remember": "(none)"}},
        {"estimate": {"cost_usd": {"gt": 0.001, "lte": 0.002}, "latency_ms": 400}},
    ],
)
def test_what_is_so_is_as_expected(expect: dict[str, Any]) -> None:
    """Only what is named is compared; order counts in chains and not in tags."""
    assert differences(expect, DECISION) == ()


@pytest.mark.parametrize(
    ("expect", "place", "expected", "actual"),
    [
        ({"rule": "short"}, "rule", "short", "(default)"),
        ({"tags": ["a"]}, "tags", ["a"], ["b", "a"]),
        ({"unknown": []}, "unknown", [], ["task"]),
        ({"errors": []}, "errors", [], ["attributes.plan"]),
        ({"skipped": []}, "skipped", [], ["tiny"]),
        (
            {"plan": {"steps": [{"models": ["big"]}]}},
            "plan.steps",
            [{"models": ["big"]}],
            DECISION["plan"]["steps"],
        ),
        (
            {"plan": {"steps": [{"models": ["big", "mini"]}, {}]}},
            "plan.steps[0].models[0]",
            "big",
            "mini",
        ),
        ({"modifiers": {"params": {"max_tokens": 50}}}, "modifiers.params.max_tokens", 50, 100),
        ({"modifiers": {"remember": "support"}}, "modifiers.remember", "support", "(none)"),
        ({"estimate": {"cost_usd": {"lt": 0.001}}}, "estimate.cost_usd", {"lt": 0.001}, 0.002),
    ],
)
def test_what_differs_is_told_by_place(expect: dict[str, Any], place: str, expected: Any, actual: Any) -> None:
    """The first difference has its dotted place, what was expected and what came."""
    assert differences(expect, DECISION)[0] == Difference(place=place, expected=expected, actual=actual)


def test_an_unknown_estimate_satisfies_nothing() -> None:
    """A cost that nobody knows is neither small nor large."""
    decision = {**DECISION, "estimate": {"cost_usd": None, "latency_ms": None}}

    assert len(differences({"estimate": {"cost_usd": {"gte": 0}}}, decision)) == 1
