"""Known outcomes over files and columns, case by case."""

import json
import pickle
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pytest

from policy_engine.replay import slices
from policy_engine.replay.mapper import line_batches
from policy_engine.replay.origin import origin_of
from policy_engine.replay.parts import PartsDiffer, Target
from policy_engine.replay.replaying import COLUMNS, Replaying, outcomes_mapper, replay_into
from policy_engine.replay.run import Contender, Stage, study_files
from tests.replay.bundles import CASCADE, NOW, line, outcome, policies

PLAIN = "default: {route: high}\n"
BUDGET = """\
budgets: {daily: {amount: $0.05, window: day, zone: UTC, scope: [tenant]}}
rules: [{name: spent, when: {budget: {daily: {used: {gte: 50%}}}}, then: {route: high}}]
default: {route: low}
"""


def replaying_of(folder: Path, *texts: str) -> Replaying:
    """Policy folders as contenders."""
    found = []
    for number, text in enumerate(texts):
        place = folder / f"p{number}"
        found.append(Contender(origin=origin_of(place, policies(place, text), env=None), name=place.name))
    return Replaying(contenders=tuple(found), now=NOW)


@pytest.fixture
def outcomes(tmp_path: Path) -> str:
    """Twelve cases of three tenants, an empty line and one that is no case, in four slices."""
    lines = [
        line(
            f"q{n}",
            cheap=outcome(n % 2, 0.01, confidence=n / 12),
            dear=outcome(1, 0.1),
            params={"max_tokens": 10},
            attributes={"tenant": f"t{n % 3}"},
            metadata={"pad": "." * 2_500_000},
        )
        for n in range(12)
    ]
    path = tmp_path / "outcomes.jsonl"
    path.write_text("\n".join([*lines[:4], "", "[]", *lines[4:]]) + "\n", encoding="utf-8")
    assert len(slices.slices_of(path)) == 4
    return str(path)


def last(steps: Generator[Stage, None, Stage]) -> Stage:
    """What it comes to in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            stage: Stage = end.value
            return stage


def read(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON Lines."""
    return [json.loads(written) for written in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_case_has_a_row_for_each_policy(jobs: int, outcomes: str, tmp_path: Path) -> None:
    """In their order where nothing is counted, and they add up to what a study says."""
    replaying, target = replaying_of(tmp_path, CASCADE, PLAIN), Target(path=tmp_path / "out.jsonl")

    stage = last(replay_into([outcomes], replaying, target, jobs=jobs, resume=False))

    rows = read(target.path)
    assert stage == last(study_files([outcomes], replaying.contenders, now=NOW, jobs=1))
    assert [(row["id"], row["policy"]) for row in rows if row["problem"] is None] == [
        (f"q{n}", policy) for n in range(12) for policy in ("p0", "p1")
    ]
    assert rows[8] == {**dict.fromkeys(name for name, _ in COLUMNS), "problem": "a line must be a JSON object"}
    assert [(one.line, one.reason) for one in stage.complaints] == [(6, "a line must be a JSON object")]
    assert [(row["calls"], row["escalated"], row["score"], row["cost_usd"]) for row in rows[-2:]] == [
        (["cheap"], False, 1.0, 0.01),
        (["dear"], False, 1.0, 0.1),
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_counted_by_tenant_is_replayed_in_order_for_each(jobs: int, outcomes: str, tmp_path: Path) -> None:
    """Each tenant's cases stay in their order, whoever comes first, and the sums are those of one process."""
    replaying, target = replaying_of(tmp_path, BUDGET), Target(path=tmp_path / "out.jsonl")

    stage = last(replay_into([outcomes], replaying, target, jobs=jobs, resume=False))

    rows = [row for row in read(target.path) if row["problem"] is None]
    assert stage == last(study_files([outcomes], replaying.contenders, now=NOW, jobs=1))
    for tenant in range(3):
        own = [(row["id"], row["rule"]) for row in rows if int(row["id"][1:]) % 3 == tenant]
        assert own == [(f"q{tenant + 3 * turn}", None if turn < 3 else "spent") for turn in range(4)]


def test_an_interrupted_replay_goes_on_at_its_own_moment(outcomes: str, tmp_path: Path) -> None:
    """Whole parts are taken over as they are, others are made, and the sums are those of a run in one go."""
    for text in (CASCADE, BUDGET):
        replaying, target = replaying_of(tmp_path, text), Target(path=tmp_path / "out.jsonl")
        run = replay_into([outcomes], replaying, target, jobs=1, resume=False)
        next(run)
        run.close()
        (tmp_path / "kept").write_bytes(target.part(0).read_bytes())
        target.part(0).write_text('{"id": "kept"}\n', encoding="utf-8")
        later = replace(replaying, now=NOW + timedelta(days=1))

        stage = last(replay_into([outcomes], later, target, jobs=2, resume=True))

        assert stage == last(study_files([outcomes], replaying.contenders, now=NOW, jobs=1))
        assert (read(target.path)[0], len(read(target.path))) == (
            {"id": "kept"},
            14 - len(read(tmp_path / "kept")),
        )


def test_parts_of_other_policies_are_not_gone_on_with(outcomes: str, tmp_path: Path) -> None:
    """One policy more is another run."""
    target = Target(path=tmp_path / "out.jsonl")
    run = replay_into([outcomes], replaying_of(tmp_path, CASCADE), target, jobs=1, resume=False)
    next(run)
    run.close()

    with pytest.raises(PartsDiffer, match="made from other requests or by other policies"):
        next(replay_into([outcomes], replaying_of(tmp_path, CASCADE, PLAIN), target, jobs=1, resume=True))


def test_columns_are_replayed(tmp_path: Path) -> None:
    """The mapper travels to another process, and reads whole cases, structures and JSON texts alike."""
    policies(tmp_path, BUDGET)
    mapper = pickle.loads(pickle.dumps(outcomes_mapper(tmp_path, now=NOW)))
    cases = [json.loads(line(f"q{n}", cheap=outcome(1, 0.02), dear=outcome(1, 0.1))) for n in range(3)]
    for case in cases:
        case["attributes"] = {"tenant": "t"}
    texts = pyarrow.RecordBatch.from_pylist([{**case, "outcomes": json.dumps(case["outcomes"])} for case in cases])
    forms = [
        pyarrow.RecordBatch.from_pylist(cases),
        texts,
        *line_batches([json.dumps(case).encode() for case in cases]),
    ]

    for form in forms:
        batches = list(mapper(iter([form])))
        assert [(row["id"], row["rule"], row["calls"], row["problem"]) for row in batches[0].to_pylist()] == [
            ("q0", None, ["cheap"], None),
            ("q1", None, ["cheap"], None),
            ("q2", "spent", ["dear"], None),
        ]
    (refused,) = mapper(line_batches([b'{"id": "x"}']))
    assert [row["problem"] for row in refused.to_pylist()] == [
        "`outcomes` must be a JSON object that names at least one model"
    ]
