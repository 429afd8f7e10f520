"""
Policies over columns: batches of requests in, batches of rows out, here and on clusters alike.

A mapper is a function `Iterator[RecordBatch] → Iterator[RecordBatch]`, which is what Spark's `mapInArrow` takes. It
can be pickled; the policies are built where it runs, once in the life of a process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policy_engine.evaluator.decide import Learn, decided
from policy_engine.evaluator.estimate import estimate_default, estimate_usd
from policy_engine.model.facts import Facts
from policy_engine.model.request import read_request
from policy_engine.replay.origin import Origin, origin_at
from policy_engine.replay.tables import Batch, Columns, arrow, batch_of, spark_schema
from policy_engine.replay.traffic import Choice, Traffic
from policy_engine.signals.live import pure_sources, unanswerable_in

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.signals.source import Sources

LINE = "request"
"""The column that may hold whole requests as JSON; else each column is a field of a request."""

BATCH_ROWS = 10_000

COLUMNS: Columns = (
    ("id", "string"),
    ("task", "string"),
    ("effect", "string"),
    ("rule", "string"),
    ("tier", "string"),
    ("model", "string"),
    ("tags", "list"),
    ("unknown", "list"),
    ("errors", "list"),
    ("skipped", "list"),
    ("estimate_usd", "double"),
    ("default_usd", "double"),
    ("problem", "string"),
)
"""What is told of each request; `problem` is why a row is no request, and then all else is null."""

SPARK_SCHEMA = spark_schema(COLUMNS)
"""The same for Spark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """A mapper that decides requests: one row for each, in order."""

    origin: Origin

    def __call__(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """
        The decisions about the requests of each batch.

        Raises:
            MissingExtra: pyarrow, of the extra `parquet`, is not installed.
            PoliciesChanged: the folder holds other policies here.
        """
        decider = Decider(self.origin.policies())
        for batch in batches:
            yield batch_of(decider.rows(texts_of(batch)), COLUMNS)


class Decider:
    """
    Decides requests that are written as JSON, and counts where they go.

    Args:
        sources: what signals are learned from that a request does not supply; without them, from the request alone.

    Attributes:
        traffic: what has been decided so far.
        problems: how many texts were no requests.
    """

    def __init__(self, policy_set: PolicySet, sources: Sources | None = None) -> None:
        self.traffic = Traffic()
        self.problems = 0
        self._policy_set = policy_set
        self._attributes = policy_set.declarations.attributes
        sources = sources or pure_sources(policy_set)
        self._learn: Learn = sources.resolve
        self._unanswerable = unanswerable_in(policy_set, sources)
        self._parse = json.JSONDecoder().raw_decode

    def rows(self, texts: Iterable[str | bytes]) -> Iterator[tuple[Any, ...]]:
        """For each text a row of the columns."""
        for text in texts:
            try:
                yield self._row(text)
            except json.JSONDecodeError as problem:
                yield self._problem(f"not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}")
            except RecursionError:
                yield self._problem("nested too deep")
            except ValueError as problem:
                yield self._problem(str(problem))

    def _row(self, text: str | bytes) -> tuple[Any, ...]:
        policy_set = self._policy_set
        request = read_request(self._parsed(text), attributes=self._attributes)
        facts = Facts(request, policy_set.layout)
        facts.unanswerable = self._unanswerable
        decision, facts = decided(policy_set, facts, learn=self._learn)
        cost_usd = estimate_usd(decision, facts, policy_set)
        default_usd = estimate_default(facts, policy_set)
        verdict, notes = decision.verdict, decision.notes
        first = verdict.first
        tier, model = (None, None) if first is None else (first.tier, first.model)
        choice = Choice(verdict.effect, verdict.rule, tier, model)
        self.traffic.count(choice, cost_usd, default_usd, notes=notes)
        return (
            request.id,
            request.task,
            *choice,
            verdict.modifiers.tags,
            notes.unknown,
            notes.errors,
            [f"{one.model}: {one.reason}" for one in notes.skipped] if notes.skipped else (),
            None if cost_usd is None else float(cost_usd),
            None if default_usd is None else float(default_usd),
            None,
        )

    def _parsed(self, text: str | bytes) -> Any:
        """What `json.loads` gives; most texts are an object from end to end, and need none of its precautions."""
        if type(text) is bytes and text.startswith(b'{"'):
            text = text.decode("utf-8", "surrogatepass")
            value, end = self._parse(text)
            if not text[end:].strip(" \t\n\r"):
                return value
        return json.loads(text)

    def _problem(self, reason: str) -> tuple[Any, ...]:
        self.problems += 1
        return (*(None,) * (len(COLUMNS) - 1), reason)


def decisions_mapper(folder: str | Path, *, env: str | None = None) -> Callable[[Iterable[Batch]], Iterator[Batch]]:
    """
    A mapper that decides requests by the policies of a folder, which has to be there wherever the mapper runs.

    Raises:
        BundleNotFound: there is no such folder.
        BundleInvalid: its policies have errors.
    """
    return Deciding(origin=origin_at(folder, env=env))


def texts_of(batch: Batch) -> Iterator[str]:
    """The requests of a batch as JSON: of its column `request`, or made of its columns."""
    if LINE in batch.schema.names:
        yield from batch.column(LINE).to_pylist()
        return
    maps = {field.name for field in batch.schema if str(field.type).startswith("map<")}
    for row in batch.to_pylist():
        known = {name: value for name, value in row.items() if value is not None}
        read = {name: dict(value) if name in maps else _read(name, value) for name, value in known.items()}
        yield json.dumps(read, default=str)


def line_batches(lines: Iterable[bytes]) -> Iterator[Batch]:
    """Lines of JSON as batches of one column."""
    types = arrow()
    waiting: list[bytes] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) >= BATCH_ROWS:
            yield types.RecordBatch.from_arrays([types.array(waiting, types.string())], [LINE])
            waiting = []
    if waiting:
        yield types.RecordBatch.from_arrays([types.array(waiting, types.string())], [LINE])


_STRUCTURED = frozenset(
    "attributes messages metadata outcomes params response_format signals tokens tools wants".split()
)


def _read(name: str, value: Any) -> Any:
    """A column that may hold JSON text instead of an object or a list."""
    if name in _STRUCTURED and isinstance(value, str):
        with suppress(ValueError):
            return json.loads(value)
        return value
    return _without_nulls(value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
