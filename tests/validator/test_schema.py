"""Whether a policy file has the right form, and what is left of one that has not."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.validator.schema import SchemaChecker, check_schema, prune, sound_part

LANGUAGE = yaml.safe_load((Path(__file__).parent / "cases" / "language.yaml").read_text(encoding="utf-8"))
CHECKER = SchemaChecker.named("policy")

VALID = {
    "no content": None,
    "an empty mapping": {},
    "no version": {"tasks": ["summarize"]},
    "the whole language": LANGUAGE,
    "a leaf beside a group": {"when": {"task": "a", "all": [{"task": "b"}], "not": {"condition": ["c", "d"]}}},
    "a range over a day boundary": {"when": {"time": {"between": "22:00-06:00", "days": ["fri", "sat-sun"]}}},
    "operators on text": {"when": {"wants": {"model": {"glob": ["gpt-*"], "ne": "gpt-4"}}}},
    "an attribute that must be absent": {"when": {"attributes": {"plan": {"exists": False}}}},
    "a list attribute": {"when": {"attributes": {"groups": {"has": "beta"}, "regions": ["eu", "us"]}}},
    "a share above one": {"when": {"budget": {"b": {"used": {"gt": "120%"}, "left": {"lte": "$0"}}}}},
    "a chain of every form": {
        "default": {"route": ["requested", {"cheapest": ["a", "b"], "where": {"tags": ["eu"]}}, {"split": {"c": 1}}]}
    },
    "limits with their ends": {
        "cascades": {
            "c": {
                "steps": [{"route": "a"}],
                "limits": {"deadline": {"max": "8s", "otherwise": {"deny": {"status": 503}}}, "session_escalations": 5},
            }
        }
    },
    "every modifier": {
        "default": {
            "deny": {"message": "no"},
            "params": {"max_tokens": "2k", "extra": {"logit_bias": {"5": 1}}},
            "only": {"tags": ["eu"]},
            "stick": {"for": "30m"},
            "log": "none",
            "shadow": {"route": "a", "compare": "judge", "budget": "$5/day"},
        }
    },
    "own signals": {"signals": {"risk": {"type": "number", "cost": "$0.001", "timeout": "200ms"}}},
    "secrets by name": {
        "providers": {"p": {"kind": "openai", "base_url": "${URL}", "headers": {"Authorization": "Bearer ${KEY}"}}}
    },
    "large numbers": {"rules": [{"name": "a", "priority": 10**300, "then": {"route": "a"}}]},
    "names of other scripts": {"tasks": ["übersetzung", "要約"]},
}


@pytest.mark.parametrize("data", VALID.values(), ids=VALID.keys())
def test_what_the_language_allows_is_valid(data: object) -> None:
    """Files as the manual describes them have no findings."""
    assert check_schema("policy.yaml", data, CHECKER) == ()


def test_a_bad_place_does_not_hide_the_others() -> None:
    """Of many rules just the two bad ones are told."""
    rules = [{"name": f"rule-{i}", "then": {"route": "fast"}} for i in range(100)]
    data = {"rules": [*rules, {"name": "late", "then": {"rout": "fast"}}, {"then": {"route": "fast"}}]}

    found = check_schema("policy.yaml", data, CHECKER)

    assert [finding.address.yaml_path for finding in found] == ["$.rules[100].then.rout", "$.rules[101]"]


def test_pruning_takes_out_what_the_findings_point_at_and_nothing_else() -> None:
    """Bad entries go, a bad list item leaves None behind, and the data itself stays as it was."""
    data = {"tasks": ["a", 5, "c"], "rules": [{"name": "a", "wehn": 1, "then": {"route": "fast"}}], "zone": "UTC"}
    before = copy.deepcopy(data)
    places = (("tasks", 1), ("rules", 0, "wehn"))

    pruned = prune(data, [_finding(*keys) for keys in places])

    assert pruned == {"tasks": ["a", None, "c"], "rules": [{"name": "a", "then": {"route": "fast"}}], "zone": "UTC"}
    assert data == before


def test_pruning_copies_only_along_the_way() -> None:
    """What no finding touches is the same object as before."""
    data = {"tasks": ["a", 5], "models": {"mini": {"provider": "p", "model": "m"}}}

    pruned = prune(data, [_finding("tasks", 1)])

    assert pruned["models"] is data["models"]


def test_what_pruning_empties_goes_too() -> None:
    """No empty mapping or list is left behind where all entries were bad."""
    data = {"when": {"input": {"tokens": {"gt": "x"}}}, "tasks": [5]}

    assert prune(data, [_finding("when", "input", "tokens", "gt"), _finding("tasks", 0)]) == {}


@pytest.mark.parametrize("data", [None, ["a"], "text", 5])
def test_pruning_what_is_no_mapping_gives_an_empty_one(data: object) -> None:
    """The reader that comes next always gets a mapping."""
    assert prune(data, ()) == {}


def test_what_cannot_do_without_a_bad_place_is_no_sound_part() -> None:
    """A model whose provider is bad is gone from the sound part, the other one is there."""
    data = {"models": {"a": {"provider": 5, "model": "m"}, "b": {"provider": "p", "model": "m"}}}
    found = check_schema("policy.yaml", data, CHECKER)

    assert sound_part(data, found, checker=CHECKER) == {"models": {"b": {"provider": "p", "model": "m"}}}


def _places(data: Any, keys: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [(*keys, key) for key, _ in entries] + [place for k, v in entries for place in _places(v, (*keys, k))]


JUNK = st.sampled_from(["", "x y", "8k", "30s\n", 5, -1, 2.5, True, [], {}, ["a"], {"a": 1}, {"gte": 0}, {1: 2}, [[]]])


@given(st.sampled_from(_places(LANGUAGE)), JUNK)
def test_invalid_data_is_told_and_its_sound_part_is_valid(place: tuple[Any, ...], junk: object) -> None:
    """Whatever is put anywhere: there are findings just if the data is invalid, and what is left is valid."""
    data = _with(LANGUAGE, place, junk)

    found = check_schema("policy.yaml", data, CHECKER)

    assert (found == ()) == CHECKER.is_valid(data)
    assert CHECKER.is_valid(_without_holes(sound_part(data, found, checker=CHECKER)))


def _with(data: Any, place: tuple[Any, ...], value: object) -> Any:
    changed = copy.deepcopy(data)
    target = changed
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return changed


def _without_holes(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_holes(value) for key, value in data.items()}
    return [_without_holes(item) for item in data if item is not None] if isinstance(data, list) else data


def _finding(*keys: str | int) -> Finding:
    return Finding(
        code="PE212",
        name="wrong-shape",
        severity=Severity.ERROR,
        message="bad",
        address=Address("policy.yaml", keys),
    )
