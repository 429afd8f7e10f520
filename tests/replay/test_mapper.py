"""Policies over columns."""

import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from policy_engine.errors import BundleInvalid
from policy_engine.replay.mapper import COLUMNS, Decider, decisions_mapper, line_batches
from policy_engine.replay.origin import Origin, PoliciesChanged
from tests.replay.bundles import HEAD, policies

RULES = """\
rules:
  - {name: mark, when: {attributes: {tenant: a}}, then: {tags: [first]}}
  - {name: long, when: {message: {chars: {gt: 10}}}, then: {route: high}}
default: {route: low}
"""
REQUESTS: list[dict[str, Any]] = [
    {"id": "r1", "task": "date", "input": "a longer question", "attributes": {"tenant": "a"}},
    {"id": "r2", "input": "short", "attributes": {}},
]
DECIDED = [
    {
        "id": "r1",
        "task": "date",
        "effect": "route",
        "rule": "long",
        "tier": "high",
        "model": "dear",
        "tags": ["first"],
        "unknown": [],
        "errors": [],
        "skipped": [],
        "estimate_usd": 0.00517,
        "default_usd": 0.000517,
        "problem": None,
    },
    {
        "id": "r2",
        "task": None,
        "effect": "route",
        "rule": None,
        "tier": "low",
        "model": "cheap",
        "tags": [],
        "unknown": ["attributes.tenant"],
        "errors": [],
        "skipped": [],
        "estimate_usd": 0.000514,
        "default_usd": 0.000514,
        "problem": None,
    },
]


def mapped(folder: Path, batches: Iterable[Any]) -> list[dict[str, Any]]:
    """All rows that a mapper gives, after a journey to another process."""
    mapper = pickle.loads(pickle.dumps(decisions_mapper(folder)))
    return [row for batch in mapper(iter(batches)) for row in batch.to_pylist()]


def test_a_column_of_whole_requests_is_decided(tmp_path: Path) -> None:
    """One row for each, in order; what is no request says why."""
    policies(tmp_path, RULES)
    lines = [*(json.dumps(request).encode() for request in REQUESTS), b"{", b'{"tusk": 1}']

    rows = mapped(tmp_path, line_batches(lines))

    assert rows[:2] == DECIDED
    assert [row["problem"] for row in rows[2:]] == [
        "not JSON: expecting property name enclosed in double quotes",
        "unknown field `tusk` in a request; known are at, attributes, id, input, messages, params, session, signals, "
        "task, tokens, tools, user, wants",
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"input": "x"}\r\n',
        b'{"input": "x"} {"input": "y"}',
        b'{"input": "x"}\xc2\xa0',
        b'{"input": "\xed\xa0\x80"}',
        b'{"input": "\xff"}',
        b'\xef\xbb\xbf{"input": "x"}',
        '{"input": "x"}'.encode("utf-16"),
        b' {"input": "x", "input": "y"}',
        b'{"input": "x", "tokens": {"input": NaN}}',
        b'{"input": ',
        b"",
    ],
)
def test_lines_are_read_as_json_reads_them(tmp_path: Path, line: bytes) -> None:
    """Encodings, what follows a request, and what is none included."""
    decider = Decider(policies(tmp_path, RULES))

    (quick,) = decider.rows([line])
    try:
        (careful,) = decider.rows([json.dumps(json.loads(line))])
    except ValueError as problem:
        reason = problem.msg if isinstance(problem, json.JSONDecodeError) else str(problem)
        assert quick[-1].removeprefix("not JSON: ").lower() == reason.lower()
    else:
        assert quick == careful


def test_columns_are_fields_of_a_request(tmp_path: Path) -> None:
    """Structures, maps and JSON texts alike; null is absence."""
    policies(tmp_path, RULES)
    plain = {"id": ["r1", "r2"], "task": ["date", None], "input": ["a longer question", "short"]}
    attributes = [{"tenant": "a"}, {"tenant": None}]
    forms = [
        pyarrow.array(attributes),
        pyarrow.array([[("tenant", "a")], []], pyarrow.map_(pyarrow.string(), pyarrow.string())),
        pyarrow.array([json.dumps(one) for one in attributes]),
    ]

    for form in forms:
        batch = pyarrow.RecordBatch.from_pydict({**plain, "attributes": form})
        assert mapped(tmp_path, [batch]) == DECIDED


def test_an_empty_batch_stays_one(tmp_path: Path) -> None:
    """With all its columns."""
    policies(tmp_path, RULES)
    empty = pyarrow.RecordBatch.from_pydict({"request": pyarrow.array([], pyarrow.string())})

    (batch,) = decisions_mapper(tmp_path)(iter([empty]))

    assert (batch.num_rows, batch.schema.names) == (0, [name for name, _ in COLUMNS])


def test_policies_must_be_those_that_were_meant(tmp_path: Path) -> None:
    """A worker whose folder holds others refuses to decide, and one with errors is refused at once."""
    policies(tmp_path, RULES)
    mapper = type(decisions_mapper(tmp_path))(origin=Origin(folder=tmp_path, env=None, revision="sha256:other"))
    with pytest.raises(PoliciesChanged):
        list(mapper(iter([])))

    (tmp_path / "policy.yaml").write_text(HEAD + "default: {route: nowhere}\n", encoding="utf-8")
    with pytest.raises(BundleInvalid):
        decisions_mapper(tmp_path)
