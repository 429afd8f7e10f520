"""What policies do with known outcomes, case by case: as rows, over columns, and into a file part by part."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from policy_engine.replay.mapper import BATCH_ROWS, texts_of
from policy_engine.replay.origin import origin_at
from policy_engine.replay.parts import Making, Target, Told, files_noted, make_parts, manifest_of
from policy_engine.replay.replayer import Replayed
from policy_engine.replay.run import Came, Contender, Stage, gathered, replay_text, study_share
from policy_engine.replay.sequence import shared_key
from policy_engine.replay.shares import Share, shares_of
from policy_engine.replay.study import Study
from policy_engine.replay.tables import Batch, Columns, Row, Writer, batch_of, spark_schema

COLUMNS: Columns = (
    ("id", "string"),
    ("policy", "string"),
    ("setting", "string"),
    ("rule", "string"),
    ("status", "string"),
    ("score", "double"),
    ("cost_usd", "double"),
    ("calls", "list"),
    ("escalated", "boolean"),
    ("cached", "boolean"),
    ("limit", "string"),
    ("missing", "list"),
    ("problem", "string"),
)
"""
What is told of each case and policy: what the policy did, what that scored and cost, the models it called (one that was
called twice stands twice), and what was needed and not known; `problem` is why a line is no case, and then all else is
null.
"""

SPARK_SCHEMA = spark_schema(COLUMNS)
"""The same for Spark."""

_LEAST_SHARES = 4
"""Shares of cases that are counted by a key, at least: what an interrupted run has to do again is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaying:
    """
    A mapper that replays cases: for each a row for each contender, in order. `now` is for those without `at`.

    What policies count between cases is counted from one call on, which is Spark's partition. Cases that are counted
    together, by `sequence.shared_key`, have to be in one, in their order.
    """

    contenders: tuple[Contender, ...]
    now: datetime

    def __call__(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """
        What the contenders do with the cases of each batch.

        Raises:
            MissingExtra: pyarrow, of the extra `parquet`, is not installed.
            PoliciesChanged: a folder holds other policies here.
        """
        study = Study([one.entrant() for one in self.contenders], now=self.now)
        for batch in batches:
            rows = [row for text in texts_of(batch) for row in rows_of(replay_text(text, study), self.contenders)]
            yield batch_of(rows, COLUMNS)


def outcomes_mapper(folder: str | Path, *, env: str | None = None, now: datetime | None = None) -> Replaying:
    """
    A mapper that replays known outcomes by the policies of a folder, which has to be there wherever it runs.

    Args:
        now: the moment of requests that do not say theirs; when this is called, if it is not given.

    Raises:
        BundleNotFound: there is no such folder.
        BundleInvalid: its policies have errors.
    """
    contender = Contender(origin=origin_at(folder, env=env), name=Path(folder).name)
    return Replaying(contenders=(contender,), now=now or datetime.now(UTC))


def replay_into(
    paths: Sequence[str], replaying: Replaying, target: Target, *, jobs: int, resume: bool
) -> Generator[Stage, None, Stage]:
    """
    Replays files of outcomes into a file of rows, and gives the same stage again and again as it grows.

    Rows are in the order of cases; where policies count by a key, those of some keys come before those of others.

    Args:
        resume: go on with the parts of an earlier run, if there are any, at the moment that it took for now and with
            as many shares. Where all requests are counted together there is but one part.

    Raises:
        PartsDiffer, PoliciesChanged, MissingExtra, OSError, ValueError: as for a file of decisions.
    """
    key = shared_key(one.origin.policies() for one in replaying.contenders)
    shares = max(jobs, _LEAST_SHARES)
    earlier = manifest_of(target) if resume else None
    if earlier is not None and "shares" in earlier:
        replaying, shares = replace(replaying, now=datetime.fromisoformat(earlier["now"])), earlier["shares"]
    items = shares_of(paths, key, shares=shares)
    manifest = {
        "outcomes": files_noted(paths),
        "policies": [[one.name, one.setting, one.origin.revision] for one in replaying.contenders],
        "now": replaying.now.isoformat(),
        "shares": shares,
    }
    making = Making(target=target, columns=COLUMNS, make=partial(_replayed, replaying))
    parts = map(Stage.from_json, make_parts(making, items, manifest, jobs=jobs, resume=resume))
    return (yield from gathered(paths, items, parts))


def rows_of(came: Came | str, contenders: Sequence[Contender]) -> Iterator[Row]:
    """The rows of one case, or the row that says why there is none."""
    if isinstance(came, str):
        yield (*(None,) * (len(COLUMNS) - 1), came)
        return
    case, done = came
    for contender, one in zip(contenders, done, strict=True):
        yield (case.request.get("id"), contender.name, contender.setting, *_row(one), None)


def _replayed(replaying: Replaying, share: Share, writer: Writer) -> Told:
    waiting: list[Row] = []

    def told(came: Came | str) -> None:
        waiting.extend(rows_of(came, replaying.contenders))
        if len(waiting) >= BATCH_ROWS:
            writer.write(waiting)
            waiting.clear()

    stage = study_share(replaying.contenders, replaying.now, share, told)
    writer.write(waiting)
    return stage.to_json()


def _row(one: Replayed) -> Row:
    return (
        one.rule,
        one.status.value,
        None if one.score is None else float(one.score),
        None if one.cost_usd is None else float(one.cost_usd),
        [model for model, times in one.calls.items() for _ in range(times)],
        one.escalated,
        one.cached,
        one.limit,
        one.missing,
    )
