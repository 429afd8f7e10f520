"""Many requests decided in order."""

from pathlib import Path

import pytest

from policy_engine.cli.deciding import (
    CHUNK,
    Complaint,
    How,
    Source,
    Telling,
    decide_chunk,
    decide_in_processes,
    decide_lines,
)
from policy_engine.cli.intake import Line
from policy_engine.cli.render.traffic import traffic_json
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.pipeline import build
from policy_engine.replay.origin import PoliciesChanged
from policy_engine.replay.traffic import Traffic


@pytest.fixture
def policies(folder: Path) -> PolicySet:
    """The small bundle, built."""
    policy_set = build(folder / "policies").policy_set
    assert policy_set is not None
    return policy_set


LINES = [Line(number, b'{"id": "%d", "task": "faq", "input": "hi"}' % number) for number in range(1, CHUNK * 3 + 2)]


def test_a_line_that_is_no_request_hinders_no_other(policies: PolicySet) -> None:
    """The others are decided in their order, and the complaint has line and column."""
    lines = [Line(1, b'{"task": "faq", "input": "hello"}'), Line(2, b"{oops"), Line(4, b'{"input": "secret"}')]

    chunk = decide_chunk(lines, policies, How(keep=10))

    assert [row.choice.rule for row in chunk.rows] == ["greeting", "blocked"]
    assert chunk.complaints == [
        Complaint(line=2, column=2, reason="not JSON: expecting property name enclosed in double quotes")
    ]
    assert (chunk.requests, chunk.size_bytes) == (2, 57)


def test_only_as_many_rows_are_kept_as_asked(policies: PolicySet) -> None:
    """Of many requests few are listed; all are counted."""
    chunk = decide_chunk(LINES[:20], policies, How(keep=3))

    assert [row.id for row in chunk.rows] == ["1", "2", "3"]
    assert chunk.traffic.total().requests == 20


def test_processes_decide_as_one_would(folder: Path, policies: PolicySet) -> None:
    """Spread over processes, the decisions are the same and in the same order."""
    how = How(telling=Telling.JSON)
    source = Source(folder=folder / "policies", env=None, revision=policies.revision)

    alone = list(decide_lines(LINES, policies, how))
    spread = list(decide_in_processes(LINES, source, how, jobs=2))

    assert [text for chunk in spread for text in chunk.told] == [text for chunk in alone for text in chunk.told]
    sums = [Traffic(), Traffic()]
    for total, chunks in zip(sums, (alone, spread), strict=True):
        for chunk in chunks:
            total.merge(chunk.traffic)
    assert traffic_json(sums[0]) == traffic_json(sums[1])


def test_processes_refuse_policies_that_changed_meanwhile(folder: Path) -> None:
    """One run is decided by one revision, or not at all."""
    source = Source(folder=folder / "policies", env=None, revision="sha256:another")

    with pytest.raises(PoliciesChanged, match="changed while they were being read; try again"):
        list(decide_in_processes(LINES[:1], source, How(), jobs=2))
