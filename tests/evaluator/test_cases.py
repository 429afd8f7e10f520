"""Whole decisions, case by case: policies, a request, and what must come of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request, read_request
from tests.policies_of import cases_in, policies

DECISIONS = cases_in("deciding")


@pytest.mark.parametrize("case", DECISIONS.values(), ids=DECISIONS.keys())
def test_policies_decide_as_the_case_says(case: dict[str, Any], tmp_path: Path) -> None:
    """Each request is decided as its case says, signals asked for in that order; a trace changes nothing of it."""
    files = case.get("files") or {"case.yaml": case["policy"]}
    policy_set = policies(tmp_path, {path: _text(written) for path, written in files.items()}, case.get("env"))

    for one in case["requests"]:
        request = read_request(one.get("request", {}), attributes=policy_set.declarations.attributes)
        wanted = {"unknown": [], "errors": [], "skipped": {}, "asked": [], **one["expect"]}
        decided = _decided(policy_set, request, one.get("learn", {}), trace=False)
        traced = _decided(policy_set, request, one.get("learn", {}), trace=True)
        assert {key: decided[key] for key in wanted} == wanted, one
        assert traced == decided, one


def _text(written: str | Mapping[str, Any]) -> str:
    return written if isinstance(written, str) else yaml.safe_dump(written, allow_unicode=True, sort_keys=False)


def _decided(policy_set: PolicySet, request: Request, learnable: Mapping[str, Any], *, trace: bool) -> dict[str, Any]:
    asked: list[list[str]] = []

    def learn(groups: tuple[str, ...], facts: Facts) -> Mapping[str, Any]:
        asked.append(list(groups))
        return {group: learnable[group] for group in groups if group in learnable}

    return _told(decide(policy_set, request, learn=learn, trace=trace), asked)


def _told(decision: Decision, asked: list[list[str]]) -> dict[str, Any]:
    written = decision.to_json()
    return {
        **{key: value for key, value in written.items() if key not in ("trace", "revision")},
        "models": [step["models"] for step in written["plan"].get("steps", [])],
        "errors": [error.partition(": ")[0] for error in decision.errors],
        "skipped": {one.model: one.reason for one in decision.skipped},
        "asked": asked,
    }
