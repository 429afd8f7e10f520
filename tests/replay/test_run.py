"""Files of outcomes replayed here, and by several processes."""

from collections.abc import Generator
from pathlib import Path

from policy_engine.replay.origin import origin_of
from policy_engine.replay.run import Complaint, Contender, Stage, study_files
from policy_engine.replay.slices import slices_of
from tests.replay.bundles import CASCADE, NOW, line, outcome, policies

BUDGET = """\
budgets: {daily: {amount: $0.05, window: day, zone: UTC, scope: [tenant]}}
rules: [{name: spent, when: {budget: {daily: {used: {gte: 50%}}}}, then: {route: high}}]
default: {route: low}
"""


def finished(steps: Generator[Stage, None, Stage]) -> Stage:
    """What a study comes to in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            stage: Stage = end.value
            return stage


def contender(folder: Path, text: str) -> Contender:
    """A policy folder as a contender."""
    return Contender(origin=origin_of(folder, policies(folder, text), env=None), name="p")


def write_outcomes(path: Path, *, bad: bool = False) -> str:
    """Forty cases of five tenants; the third line is no case, if that is wanted."""
    lines = [
        line(
            f"q{n}",
            cheap=outcome(n % 2, 0.01, confidence=n / 40),
            dear=outcome(1, 0.1),
            params={"max_tokens": 10},
            attributes={"tenant": f"t{n % 5}"},
        )
        for n in range(40)
    ]
    if bad:
        lines.insert(2, '{"id": "x", "outcomes": 1}')
        lines.insert(30, "")
        lines.insert(35, "{")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_several_processes_count_what_one_counts(tmp_path: Path) -> None:
    """Policies that keep nothing may be shared out anyhow, those that count by tenant are shared out by tenant."""
    path = write_outcomes(tmp_path / "o.jsonl")
    for name, text in (("plain", CASCADE), ("budget", BUDGET)):
        one = contender(tmp_path / name, text)

        alone = finished(study_files([path], [one], now=NOW, jobs=1))
        shared = finished(study_files([path], [one], now=NOW, jobs=2))

        assert shared.count == alone.count
        assert alone.count.models.requests == 40


def test_lines_that_are_no_cases_are_told_and_hinder_no_other(tmp_path: Path) -> None:
    """By file and line, empty lines counted as lines."""
    path = write_outcomes(tmp_path / "o.jsonl", bad=True)

    stage = finished(study_files([path], [contender(tmp_path / "p", CASCADE)], now=NOW, jobs=1))

    assert (stage.count.models.requests, stage.complaints) == (
        40,
        [
            Complaint(path=path, line=3, reason="`outcomes` must be a JSON object that names at least one model"),
            Complaint(path=path, line=36, reason="not JSON: expecting property name enclosed in double quotes"),
        ],
    )


def test_slices_hold_every_line_once(tmp_path: Path) -> None:
    """Wherever the cuts fall, a line belongs to the slice in which it begins."""
    path = tmp_path / "lines"
    path.write_bytes("\ufeffone\ntwo\n\nthrée\nfour".encode())
    whole = [b"one\n", b"two\n", b"\n", "thrée\n".encode(), b"four"]

    for size in range(1, 30):
        assert [line for piece in slices_of(path, size=size) for line in piece.lines()] == whole
