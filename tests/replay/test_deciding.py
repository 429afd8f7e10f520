"""Files of decisions made part by part."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from policy_engine.replay import slices
from policy_engine.replay.deciding import Part, decide_file
from policy_engine.replay.origin import Origin, origin_of
from policy_engine.replay.parts import PartsDiffer, Target
from policy_engine.replay.traffic import Traffic
from tests.replay.bundles import policies

RULES = "rules: [{name: long, when: {message: {chars: {gt: 10}}}, then: {route: high}}]\ndefault: {route: low}\n"


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A small policy folder."""
    return origin_of(tmp_path / "p", policies(tmp_path / "p", RULES), env=None)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Six requests, an empty line and one that is no request, in a file large enough for several slices."""
    texts = [json.dumps({"id": f"r{n}", "input": "x" * (n * 4), "params": {"pad": "." * 3_000_000}}) for n in range(6)]
    path = tmp_path / "requests.jsonl"
    path.write_text("\n".join([*texts[:3], "", "[]", *texts[3:]]) + "\n", encoding="utf-8")
    assert len(slices.slices_of(path)) == 3
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of decisions, as far as tests look at them."""
    if path.suffix == ".jsonl":
        read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [{name: row[name] for name in ("id", "rule", "problem")} for row in read]
    found = duckdb.sql(f"SELECT id, rule, problem FROM '{path}'").fetchall()
    return [dict(zip(("id", "rule", "problem"), row, strict=True)) for row in found]


EXPECTED = [
    *({"id": f"r{n}", "rule": None, "problem": None} for n in range(3)),
    {"id": None, "rule": None, "problem": "a request must be a JSON object"},
    *({"id": f"r{n}", "rule": "long", "problem": None} for n in range(3, 6)),
]


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_decisions_come_in_the_order_of_requests(name: str, origin: Origin, lines: Path, tmp_path: Path) -> None:
    """Whoever made which part; the parts are gone afterwards."""
    target = Target(path=tmp_path / name)

    parts = list(decide_file(str(lines), origin, target, jobs=2, resume=False))

    assert rows(target.path) == EXPECTED
    assert (sum(part.requests for part in parts), sum(part.problems for part in parts)) == (7, 1)
    assert not target.folder.exists()


def test_an_interrupted_run_goes_on_where_it_stopped(origin: Origin, lines: Path, tmp_path: Path) -> None:
    """Whole parts are taken over as they are, others are made, and the sums are those of a run in one go."""
    target, other = Target(path=tmp_path / "out.jsonl"), Target(path=tmp_path / "whole.jsonl")
    run = decide_file(str(lines), origin, target, jobs=1, resume=False)
    next(run)
    run.close()
    marked = target.part(0).read_text(encoding="utf-8").replace('"r0"', '"kept"')
    target.part(0).write_text(marked, encoding="utf-8")

    resumed = list(decide_file(str(lines), origin, target, jobs=1, resume=True))

    whole = list(decide_file(str(lines), origin, other, jobs=1, resume=False))
    assert [row["id"] for row in rows(target.path)] == ["kept", "r1", "r2", None, "r3", "r4", "r5"]
    assert total(resumed).to_json() == total(whole).to_json()


def total(parts: list[Part]) -> Traffic:
    """The traffic of all parts."""
    traffic = Traffic()
    for part in parts:
        traffic.merge(part.traffic)
    return traffic


def test_parts_of_something_else_are_not_gone_on_with(origin: Origin, lines: Path, tmp_path: Path) -> None:
    """Other requests, other policies, or a folder that somebody else has made."""
    target = Target(path=tmp_path / "out.jsonl")
    run = decide_file(str(lines), origin, target, jobs=1, resume=False)
    next(run)
    run.close()
    lines.write_text('{"id": "r1"}\n', encoding="utf-8")

    with pytest.raises(PartsDiffer, match="made from other requests or by other policies"):
        next(decide_file(str(lines), origin, target, jobs=1, resume=True))
    assert [row["id"] for row in _afresh(origin, lines, target)] == ["r1"]

    target.folder.mkdir()
    (target.folder / "mine").touch()
    with pytest.raises(PartsDiffer, match="was not made by an earlier run"):
        next(decide_file(str(lines), origin, target, jobs=1, resume=False))
    assert (target.folder / "mine").exists()


def _afresh(origin: Origin, lines: Path, target: Target) -> list[dict[str, Any]]:
    list(decide_file(str(lines), origin, target, jobs=1, resume=False))
    return rows(target.path)


def test_rows_of_parquet_are_requests(origin: Origin, tmp_path: Path) -> None:
    """Structures and JSON texts are read, nulls are absent, and every row belongs to one slice."""
    path = tmp_path / "requests.parquet"
    duckdb.sql(
        "SELECT 'r' || i AS id, NULL::VARCHAR AS task, repeat('x', i::INT) AS input, "
        "{'tenant': NULL::VARCHAR} AS attributes, '{\"max_tokens\": 5}' AS params FROM range(30) t(i)"
    ).write_parquet(str(path))

    pieces = slices.slices_of(path, size=7)
    read = [json.loads(line) for piece in pieces for line in piece.lines()]
    list(decide_file(str(path), origin, Target(path=tmp_path / "out.parquet"), jobs=1, resume=False))

    assert (len(pieces), read[3]) == (
        5,
        {"id": "r3", "input": "xxx", "attributes": {}, "params": {"max_tokens": 5}},
    )
    assert [row["rule"] for row in rows(tmp_path / "out.parquet")] == [None] * 11 + ["long"] * 19
