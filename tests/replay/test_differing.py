"""Two versions over files and columns of requests."""

import json
import pickle
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policy_engine.replay import slices
from policy_engine.replay.compare import Traffic, compare_file
from policy_engine.replay.differing import COLUMNS, Differing, differ_file, differences_mapper
from policy_engine.replay.mapper import line_batches
from policy_engine.replay.origin import origin_of
from policy_engine.replay.parts import PartsDiffer, Target
from tests.replay.bundles import NOW, policies

OLD = "rules: [{name: long, when: {message: {chars: {gt: 10}}}, then: {route: high}}]\ndefault: {route: low}\n"
NEW = OLD.replace("gt: 10", "gt: 15")
CAUSE = "message.chars > 10 → message.chars > 15"


@pytest.fixture
def differing(tmp_path: Path) -> Differing:
    """Two small policy folders."""
    origins = [origin_of(tmp_path / n, policies(tmp_path / n, text), env=None) for n, text in (("o", OLD), ("n", NEW))]
    return Differing(old=origins[0], new=origins[1], now=NOW)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Six requests, one of which moves, an empty line and one that is no request, in three slices."""
    texts = [json.dumps({"id": f"r{n}", "input": "x" * (n * 4), "params": {"pad": "." * 3_000_000}}) for n in range(6)]
    path = tmp_path / "requests.jsonl"
    path.write_text("\n".join([*texts[:3], "", "[]", *texts[3:]]) + "\n", encoding="utf-8")
    assert len(slices.slices_of(path)) == 3
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def returned(steps: Generator[Traffic, None, Traffic]) -> Traffic:
    """What a comparison comes to in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            traffic: Traffic = end.value
            return traffic


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_file_has_a_row_for_each_request_and_its_sum_is_that_of_a_comparison(
    jobs: int, differing: Differing, lines: Path, tmp_path: Path
) -> None:
    """In their order, whoever made which part; what is no request is told by its line."""
    target = Target(path=tmp_path / "out.jsonl")

    *_, traffic = differ_file(str(lines), differing, target, jobs=jobs, resume=False)

    rows = read(target.path)
    compared = returned(compare_file(str(lines), differing.old, differing.new, now=NOW, jobs=1))
    assert traffic == compared
    assert [(row["id"], row["moved"], row["old_model"], row["new_model"]) for row in rows] == [
        *((f"r{n}", False, "cheap", "cheap") for n in range(3)),
        (None, None, None, None),
        ("r3", True, "dear", "cheap"),
        *((f"r{n}", False, "dear", "dear") for n in range(4, 6)),
    ]
    assert [rows[4][name] for name in ("why", "cause_rule", "cause")] == ["condition", "long", CAUSE]
    assert rows[3]["problem"] == "a request must be a JSON object"
    assert [(one.line, one.reason) for one in traffic.complaints] == [(5, "a request must be a JSON object")]


def test_an_interrupted_comparison_goes_on_at_its_own_moment(differing: Differing, lines: Path, tmp_path: Path) -> None:
    """Whole parts are taken over as they are, others are made, and the sums are those of a run in one go."""
    target = Target(path=tmp_path / "out.jsonl")
    run = differ_file(str(lines), differing, target, jobs=1, resume=False)
    next(run)
    run.close()
    marked = target.part(0).read_text(encoding="utf-8").replace('"r0"', '"kept"')
    target.part(0).write_text(marked, encoding="utf-8")
    later = replace(differing, now=NOW + timedelta(days=1))

    *_, resumed = differ_file(str(lines), later, target, jobs=1, resume=True)

    assert [row["id"] for row in read(target.path)] == ["kept", "r1", "r2", None, "r3", "r4", "r5"]
    assert resumed == returned(compare_file(str(lines), differing.old, differing.new, now=NOW, jobs=1))


def test_parts_of_other_versions_are_not_gone_on_with(differing: Differing, lines: Path, tmp_path: Path) -> None:
    """The versions the other way round are others."""
    target = Target(path=tmp_path / "out.jsonl")
    run = differ_file(str(lines), differing, target, jobs=1, resume=False)
    next(run)
    run.close()
    reverse = replace(differing, old=differing.new, new=differing.old)

    with pytest.raises(PartsDiffer, match="made from other requests or by other policies"):
        next(differ_file(str(lines), reverse, target, jobs=1, resume=True))


def test_columns_are_decided_by_both(differing: Differing, tmp_path: Path) -> None:
    """The mapper travels to another process, and gives a row for each that it is given."""
    mapper = differences_mapper(tmp_path / "o", tmp_path / "n", now=NOW)
    texts = [b'{"id": "a", "task": "date", "input": "twelve chars"}', b"", b'{"input": "short"}']

    batches = list(pickle.loads(pickle.dumps(mapper))(iter(line_batches(texts))))

    assert mapper == replace(differing, old=mapper.old, new=mapper.new)
    assert batches[0].schema.names == [name for name, _ in COLUMNS]
    assert [(row["id"], row["task"], row["moved"], row["problem"]) for row in batches[0].to_pylist()] == [
        ("a", "date", True, None),
        (None, None, None, "not JSON: expecting value"),
        (None, None, False, None),
    ]
