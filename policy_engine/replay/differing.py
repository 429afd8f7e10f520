"""What two versions of policies decide, request by request: as rows, over columns, and into a file part by part."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from policy_engine.replay.compare import Traffic, reason_of, see
from policy_engine.replay.mapper import BATCH_ROWS, texts_of
from policy_engine.replay.origin import Origin, origin_at
from policy_engine.replay.pairs import Pair, Seen
from policy_engine.replay.parts import Making, Target, Told, files_noted, make_parts, manifest_of
from policy_engine.replay.run import Complaint
from policy_engine.replay.slices import Slice, batched, slices_of
from policy_engine.replay.tables import Batch, Columns, Row, Writer, batch_of, spark_schema

if TYPE_CHECKING:
    from policy_engine.model.decision import Decision

COLUMNS: Columns = (
    ("id", "string"),
    ("task", "string"),
    ("moved", "boolean"),
    ("why", "string"),
    ("cause_rule", "string"),
    ("cause", "string"),
    ("old_effect", "string"),
    ("old_rule", "string"),
    ("old_tier", "string"),
    ("old_model", "string"),
    ("old_usd", "double"),
    ("new_effect", "string"),
    ("new_rule", "string"),
    ("new_tier", "string"),
    ("new_model", "string"),
    ("new_usd", "double"),
    ("problem", "string"),
)
"""
What is told of each request: what both versions do, whether that is something else (`moved`) and by which first
difference (`why`, `cause`, at `cause_rule`); `problem` is why a row is no request, and then all else is null.
"""

SPARK_SCHEMA = spark_schema(COLUMNS)
"""The same for Spark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A mapper that decides requests by two versions: one row for each, in order. `now` is for those without `at`."""

    old: Origin
    new: Origin
    now: datetime

    def __call__(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """
        What both versions decide about the requests of each batch.

        Raises:
            MissingExtra: pyarrow, of the extra `parquet`, is not installed.
            PoliciesChanged: a folder holds other policies here.
        """
        differ = Differ(self.pair())
        for batch in batches:
            yield batch_of(differ.rows(texts_of(batch)), COLUMNS)

    def pair(self) -> Pair:
        """The two versions, built once in the life of a process."""
        return Pair(self.old.policies(), self.new.policies(), now=self.now)


class Differ:
    """
    Compares what two versions decide about requests that are written as JSON.

    Attributes:
        traffic: what came of them so far; lines are counted from the first that was given.
    """

    def __init__(self, pair: Pair, *, path: str = "") -> None:
        self.traffic = Traffic()
        self._pair = pair
        self._path = path

    def rows(self, texts: Iterable[str | bytes]) -> Iterator[Row]:
        """For each text a row of the columns."""
        return map(self._row, texts)

    def lines(self, lines: Iterable[bytes]) -> Iterator[Row]:
        """The same for lines of a file, of which empty ones are counted and have no row."""
        for line in lines:
            if line.strip():
                yield self._row(line)
            else:
                self._count(line)

    def _row(self, text: str | bytes) -> Row:
        self._count(text)
        traffic = self.traffic
        try:
            return _row(see(json.loads(text), self._pair, traffic, name=str(traffic.lines)))
        except (ValueError, RecursionError) as problem:
            reason = reason_of(problem)
            traffic.complaints.append(Complaint(path=self._path, line=traffic.lines, reason=reason))
            return (*(None,) * (len(COLUMNS) - 1), reason)

    def _count(self, text: str | bytes) -> None:
        self.traffic.lines += 1
        self.traffic.size_bytes += len(text)


def differences_mapper(
    old: str | Path, new: str | Path, *, env: str | None = None, now: datetime | None = None
) -> Differing:
    """
    A mapper that decides requests by two policy folders, which have to be there wherever it runs.

    Args:
        now: the moment of requests that do not say theirs; when this is called, if it is not given.

    Raises:
        BundleNotFound: there is no such folder.
        BundleInvalid: policies have errors.
    """
    return Differing(old=origin_at(old, env=env), new=origin_at(new, env=env), now=now or datetime.now(UTC))


def differ_file(
    path: str, differing: Differing, target: Target, *, jobs: int, resume: bool
) -> Generator[Traffic, None, None]:
    """
    Compares what two versions decide about a file of requests, a row for each line in their order in a file, and gives
    what came of them, again and again as it grows.

    Args:
        resume: go on with the parts of an earlier run, if there are any, at the moment that it took for now.

    Raises:
        PartsDiffer, PoliciesChanged, MissingExtra, OSError, ValueError: as for a file of decisions.
    """
    earlier = manifest_of(target) if resume else None
    if earlier is not None and "now" in earlier:
        differing = Differing(old=differing.old, new=differing.new, now=datetime.fromisoformat(earlier["now"]))
    manifest = {
        "requests": files_noted([path]),
        "revisions": [differing.old.revision, differing.new.revision],
        "now": differing.now.isoformat(),
    }
    making = Making(target=target, columns=COLUMNS, make=partial(_differed, differing))
    traffic = Traffic()
    for told in make_parts(making, slices_of(path), manifest, jobs=jobs, resume=resume):
        traffic.merge(Traffic.from_json(told))
        yield traffic


def _differed(differing: Differing, piece: Slice, writer: Writer) -> Told:
    differ = Differ(differing.pair(), path=piece.path)
    for batch in batched(piece.lines(), BATCH_ROWS):
        writer.write(list(differ.lines(batch)))
    return differ.traffic.to_json()


def _row(seen: Seen) -> Row:
    cause = seen.cause
    return (
        seen.before.id,
        seen.task,
        cause is not None,
        None if cause is None else cause.why.value,
        None if cause is None else cause.rule,
        None if cause is None else cause.said,
        *_told(seen.before),
        *_told(seen.after),
        None,
    )


def _told(decision: Decision) -> Row:
    usd = None if decision.estimate is None else decision.estimate.cost_usd
    return decision.effect, decision.rule, decision.tier, decision.model, None if usd is None else float(usd)
