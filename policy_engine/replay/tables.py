"""Rows as columns: their schemas, batches of them, and files in which they are kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from policy_engine.errors import MissingExtra

Batch: TypeAlias = Any
"""A `pyarrow.RecordBatch`."""

Columns: TypeAlias = tuple[tuple[str, str], ...]
"""Names and kinds: `string`, `double`, `boolean`, or `list` (of strings)."""

Row: TypeAlias = tuple[Any, ...]

_BATCH_ROWS = 100_000
_SPARK_KINDS = {"list": "array<string>"}


class Writer(AbstractContextManager["Writer"], Protocol):
    """Writes rows to a file."""

    def write(self, rows: list[Row]) -> None:
        """Writes some rows."""
        ...


def spark_schema(columns: Columns) -> str:
    """The columns as Spark writes a schema."""
    return ", ".join(f"{name} {_SPARK_KINDS.get(kind, kind)}" for name, kind in columns)


def arrow_schema(columns: Columns) -> Any:
    """
    The columns as a `pyarrow.Schema`.

    Raises:
        MissingExtra: pyarrow, of the extra `parquet`, is not installed.
    """
    return arrow().schema([(name, _type(kind)) for name, kind in columns])


def batch_of(rows: Iterable[Row], columns: Columns) -> Batch:
    """Rows as one batch."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [arrow().array(column, _type(kind)) for column, (_, kind) in zip(values, columns, strict=True)]
    return arrow().RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))


def is_columnar(path: Path) -> bool:
    """Whether a file of rows is Parquet, by its name; else it is JSON Lines."""
    return path.suffix.lower() in (".parquet", ".pq")


def writer_of(path: Path, columns: Columns) -> Writer:
    """
    Writes a file of rows, Parquet or JSON Lines by its name.

    Raises:
        MissingExtra: it is Parquet, and pyarrow is not installed.
    """
    return _ParquetWriter(path, columns) if is_columnar(path) else _LineWriter(path, columns)


def join(files: list[Path], whole: Path, columns: Columns) -> None:
    """Writes the rows of all files, in order, into one of the same form."""
    if is_columnar(whole):
        with _parquet().ParquetWriter(whole, arrow_schema(columns), compression="zstd") as writer:
            for batch in _batches(files):
                writer.write_batch(batch)
        return
    with whole.open("wb") as out:
        for file in files:
            with file.open("rb") as part:
                shutil.copyfileobj(part, out)


def arrow() -> Any:
    """
    The module `pyarrow`.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        return import_module("pyarrow")
    except ImportError as error:
        raise MissingExtra("columns of requests", "parquet") from error


class _ParquetWriter(AbstractContextManager["_ParquetWriter"]):
    def __init__(self, file: Path, columns: Columns) -> None:
        self._columns = columns
        self._writer = _parquet().ParquetWriter(file, arrow_schema(columns), compression="zstd")

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, rows: list[Row]) -> None:
        """Writes some rows."""
        self._writer.write_batch(batch_of(rows, self._columns))


class _LineWriter(AbstractContextManager["_LineWriter"]):
    def __init__(self, file: Path, columns: Columns) -> None:
        self._names = [name for name, _ in columns]
        self._file = file.open("w", encoding="utf-8")

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: list[Row]) -> None:
        """Writes some rows."""
        names = self._names
        self._file.writelines(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)


def _batches(files: list[Path]) -> Iterator[Batch]:
    for file in files:
        with _parquet().ParquetFile(file) as opened:
            yield from opened.iter_batches(batch_size=_BATCH_ROWS)


def _type(kind: str) -> Any:
    types = arrow()
    if kind == "list":
        return types.list_(types.string())
    return {"string": types.string(), "double": types.float64(), "boolean": types.bool_()}[kind]


def _parquet() -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtra("writing Parquet", "parquet") from error
