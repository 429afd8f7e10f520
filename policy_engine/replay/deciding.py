"""A file of requests decided into a file of decisions, part by part."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from policy_engine.replay.mapper import BATCH_ROWS, COLUMNS, Decider
from policy_engine.replay.origin import Origin
from policy_engine.replay.parts import Making, Target, Told, files_noted, make_parts
from policy_engine.replay.slices import Slice, batched, slices_of
from policy_engine.replay.tables import Writer
from policy_engine.replay.traffic import Traffic
from policy_engine.signals.live import sources_for


@dataclass(slots=True, kw_only=True)
class Part:
    """What one slice came to: where requests went, how many lines were no requests, and the first of those."""

    traffic: Traffic = field(default_factory=Traffic)
    requests: int = 0
    problems: int = 0
    first_problem: str | None = None
    size: int = 0

    def to_json(self) -> Told:
        """The sum, to be kept beside the part."""
        named = {name: getattr(self, name) for name in ("requests", "problems", "first_problem", "size")}
        return {**named, "traffic": self.traffic.to_json()}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Part:
        """What `to_json` gave."""
        return cls(**{**written, "traffic": Traffic.from_json(written["traffic"])})


def decide_file(
    path: str, origin: Origin, target: Target, *, jobs: int, resume: bool, state: str | None = None
) -> Generator[Part, None, None]:
    """
    Decides a file of requests into a file of decisions, a row for each line in their order, and gives each part's sum.

    Memory holds a batch for each process, whatever the size of the files.

    Args:
        resume: go on with the parts of an earlier run, if there are any; else they are deleted.
        state: the address of a state that is read for budgets, sessions and the like. Nothing is written to it, so no
            request changes what is decided about another, in whatever order.

    Raises:
        PartsDiffer: those parts were made from other requests or by other policies.
        PoliciesChanged: the folder holds others than were meant.
        MissingExtra: a file is Parquet, and duckdb or pyarrow is not installed.
        OSError, ValueError: a file cannot be read or written.
    """
    manifest = {"requests": files_noted([path]), "revision": origin.revision, "with_state": state is not None}
    making = Making(target=target, columns=COLUMNS, make=partial(_decided, origin, state))
    for told in make_parts(making, slices_of(path), manifest, jobs=jobs, resume=resume):
        yield Part.from_json(told)


def _decided(origin: Origin, state: str | None, piece: Slice, writer: Writer) -> Told:
    policy_set, part = origin.policies(), Part(size=piece.stop - piece.start)
    with sources_for(policy_set, state) as sources:
        decider = Decider(policy_set, sources)
        for batch in batched(filter(bytes.strip, piece.lines()), BATCH_ROWS):
            rows = list(decider.rows(batch))
            part.requests += len(rows)
            if part.first_problem is None:
                part.first_problem = next((row[-1] for row in rows if row[-1] is not None), None)
            writer.write(rows)
    part.traffic, part.problems = decider.traffic, decider.problems
    return part.to_json()
