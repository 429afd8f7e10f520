"""Every condition of the language: requests for which it holds, fails, or is unknown."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy_engine.evaluator.decide import decide
from policy_engine.model.request import read_request
from tests.policies_of import cases_in, policies

CONDITIONS = cases_in("conditions")


@pytest.mark.parametrize("case", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_condition_is_true_false_or_unknown(case: dict[str, Any], tmp_path: Path) -> None:
    """A condition holds, fails or is unknown as its case says, its opposite the other way round, traced or not."""
    rules = [
        {"name": "r", "when": case["when"], "then": {"tags": ["holds"]}},
        {"name": "not-r", "when": {"none": [case["when"]]}, "then": {"tags": ["fails"]}},
    ]
    policy_set = policies(tmp_path, yaml.safe_dump({"rules": rules, **case.get("declare", {})}, allow_unicode=True))
    wanted = [
        *((request, "holds", [], []) for request in case["holds"]),
        *((request, "fails", [], []) for request in case["fails"]),
        *((one["request"], "unknown", one["of"], one.get("errors", [])) for one in case.get("unknown", ())),
    ]

    found = []
    for request, *_ in wanted:
        read = read_request(request, attributes=policy_set.declarations.attributes)
        decision = decide(policy_set, read)
        traced = decide(policy_set, read, trace=True)
        assert {**traced.to_json(), "trace": None} == {**decision.to_json(), "trace": None}
        errors = [error.partition(": ")[0] for error in decision.errors]
        found.append((request, *(decision.tags or ["unknown"]), list(decision.unknown), errors))

    assert found == wanted
