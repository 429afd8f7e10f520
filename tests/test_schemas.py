"""The JSON Schemas are sound, say what everything is for, and accept what the manual shows."""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from policy_engine.model.schemas import read_schema, schema_names

NAMES = (
    "decision.v1", "diagnostics.v1", "diff.v1", "outcome.v1", "policy.v1", "policy_test.v1", "replay.v1", "request.v1",
)  # fmt: skip

REVISION = "sha256:" + "0" * 64
PLACE = {
    "path": "policies/chat.yaml",
    "yaml_path": "$.rules[2].then.route",
    "start": {"line": 14, "column": 19},
    "end": {"line": 14, "column": 28},
}
REQUEST = {
    "id": "r1",
    "task": "generate_reply",
    "input": "Where is my order 123456?",
    "attributes": {"plan": "pro", "seats": 5, "groups": ["a"], "gone": None},
    "tools": [{"type": "function"}],
    "params": {"max_tokens": 400},
    "wants": {"stream": True, "model": "auto"},
    "session": "c42",
    "user": "u7",
    "tokens": {"message": 12, "input": 4000},
    "at": "2026-11-23T10:00:00Z",
    "signals": {
        "cache": {"support": {"similarity": 0.97}},
        "budget": {"tenant_daily": {"used": 0.4}},
        "similar": {"a": 1},
    },
}
DECISION = {
    "id": "r1",
    "revision": REVISION,
    "generation": 3,
    "rule": "replies",
    "effect": "cascade",
    "tier": "fast",
    "model": "haiku",
    "plan": {},
    "modifiers": {},
    "tags": [],
    "unknown": [],
    "errors": [],
    "skipped": [],
    "estimate": {"cost_usd": 0.0012, "latency_ms": 450},
    "trace": [],
}
DIAGNOSTICS = {
    "diagnostics": [
        {
            "code": "PE301",
            "name": "unknown-tier",
            "severity": "error",
            "message": "unknown tier `workhrose`",
            "help": "did you mean `workhorse`?",
            **PLACE,
            "related": [{**PLACE, "message": "tiers are declared here"}],
            "witness": {"task": "summarize"},
        }
    ],
    "summary": {"errors": 1, "warnings": 0, "files": 4, "rules": 37, "revision": REVISION},
}
OUTCOME = {
    "decision": DECISION,
    "status": "not_accepted",
    "text": "Yes.",
    "message": {"role": "assistant", "content": "Yes."},
    "calls": [],
    "cost_usd": None,
    "escalations": 0,
    "limit": "cost",
    "kept": None,
    "put_off": ["mini"],
    "error": None,
    "http_status": None,
    "uncounted": False,
}
REPLAY = {
    "requests": 369,
    "policy": {
        "score": 0.769,
        "cost_usd": 0.41,
        "calls": {"cheap": 369, "dear": 96},
        "escalation_rate": 0.26,
        "unknown": 0,
    },
    "baselines": {
        "best_single": {"model": "dear", "score": 0.886, "cost_usd": 1.6},
        "oracle": {"score": 0.9, "cost_usd": None},
    },
}
POLICY_TEST = {
    "at": "2026-11-23T10:00:00Z",
    "fixtures": {"pro": {"attributes": {"plan": "pro"}}},
    "cases": [
        {
            "name": "contracts go to the frontier",
            "fixture": "pro",
            "request": {"task": "analyze_contract"},
            "matrix": {"attributes.stakes": ["low", "high"]},
            "expect": {"rule": "contracts", "tier": "frontier", "unknown": [], "estimate": {"cost_usd": {"lt": 0.01}}},
            "todo": "waits for the new tier",
        }
    ],
}
DIFF = {
    "old": {"place": "git:main:policies", "revision": REVISION},
    "new": {"place": "policies", "revision": REVISION},
    "changes": [
        {
            "kind": "changed",
            "rule": "short",
            "details": ["when: message.chars <= 20 → message.chars <= 30"],
            "witness": {"request": {"task": "faq", "input": "a"}, "old": "route big", "new": "route mini"},
        }
    ],
    "declarations": [{"section": "models", "name": "mini", "kind": "changed"}],
    "traffic": None,
}
SHOWN = {
    "diff": DIFF,
    "request": REQUEST,
    "decision": DECISION,
    "decision of default": {**DECISION, "rule": None, "generation": None, "estimate": None, "trace": None},
    "diagnostics": DIAGNOSTICS,
    "outcome": OUTCOME,
    "replay": REPLAY,
    "policy_test": POLICY_TEST,
}


def test_there_is_a_schema_for_everything_that_is_read_or_written() -> None:
    """The names are those that the manual promises, with their versions."""
    assert schema_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_itself(name: str) -> None:
    """Every schema is one of draft 7, the newest that editors' YAML servers know."""
    schema = read_schema(name)

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_property_says_what_it_is_for(name: str) -> None:
    """An editor can show a sentence about whatever the cursor is on."""
    silent = [place for place, schema in _properties(read_schema(name), "$") if not schema.get("description")]

    assert silent == []


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere(name: str) -> None:
    """What a schema refers to is among its own definitions, and none of those is left over."""
    schema = read_schema(name)

    assert {ref.rpartition("/")[2] for ref in _references(schema)} == set(schema.get("definitions", {}))


@pytest.mark.parametrize(("shown", "data"), SHOWN.items(), ids=SHOWN.keys())
def test_what_the_manual_shows_is_valid(shown: str, data: object) -> None:
    """The examples of the manual satisfy their schemas."""
    jsonschema.Draft7Validator(read_schema(shown.split()[0])).validate(data)


@pytest.mark.parametrize("examples", ["examples", "x-hint", "x-wants", "x-fault", "x-empty", "x-instead"])
def test_annotations_do_not_stand_among_data(examples: str) -> None:
    """No property of the policy language is called like an annotation of the schemas, except a rule's examples."""
    places = [place for place, _ in _properties(read_schema("policy"), "$") if place.endswith(f".{examples}")]

    assert places == (["$.definitions.rule.examples"] if examples == "examples" else [])


@pytest.mark.parametrize("name", NAMES)
def test_examples_of_a_schema_satisfy_it(name: str) -> None:
    """What an editor offers as an example is valid where it is offered."""
    root = read_schema(name)
    validator = jsonschema.Draft7Validator(root)
    wrong = [
        (place, example)
        for place, schema in _properties(root, "$")
        for example in schema.get("examples", ())
        if not validator.evolve(schema={key: v for key, v in schema.items() if key != "examples"}).is_valid(example)
    ]

    assert wrong == []


def test_a_name_without_version_is_the_newest() -> None:
    """`policy` is the newest schema of policies."""
    assert read_schema("policy") == read_schema("policy.v1")


def test_an_unknown_name_is_refused_with_those_that_exist() -> None:
    """The error lists the names, so that nobody has to look for them."""
    with pytest.raises(ValueError, match=r"^no schema is called `../policy`; there are decision.v1, diagnostics.v1, d"):
        read_schema("../policy")


def _properties(schema: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every property in a schema, at whatever depth, with its place."""
    if isinstance(schema, list):
        for item in schema:
            yield from _properties(item, place)
    if not isinstance(schema, dict):
        return
    for word, value in schema.items():
        if word == "properties" and isinstance(value, dict):
            for name, below in value.items():
                if below.keys() != {"const"}:  # the condition of an `if`
                    yield f"{place}.{name}", below
                yield from _properties(below, f"{place}.{name}")
        elif word == "definitions":
            for name, below in value.items():
                yield from _properties(below, f"{place}.definitions.{name}")
        elif word not in ("examples", "enum", "const", "x-instead"):
            yield from _properties(value, place)


def _references(schema: Any) -> Iterator[str]:
    for item in schema if isinstance(schema, list) else schema.values() if isinstance(schema, dict) else ():
        yield from _references(item)
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
