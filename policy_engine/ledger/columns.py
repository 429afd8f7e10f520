"""Columns read as lines: each row of a Parquet file as the JSON object that a line of JSON Lines would hold."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from policy_engine.errors import MissingExtra

_STRUCTURED = frozenset(
    "attributes messages metadata outcomes params response_format signals tokens tools wants".split()
)
_FETCHED = 2_000


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Whether a file is read as Parquet, by its name."""
    return os.fspath(path).lower().endswith((".parquet", ".pq"))


def row_count(path: str | os.PathLike[str]) -> int:
    """
    How many rows a Parquet file has.

    Raises:
        MissingExtra: duckdb, of the extra `parquet`, is not installed.
        ValueError: the file is no Parquet file.
    """
    (count,) = _query(f"SELECT count(*) FROM {_read(path)}").fetchone()
    return int(count)


def rows_as_lines(path: str | os.PathLike[str], *, first: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """
    The rows from `first` (0-based) up to `stop`, each as a JSON object; what is null is left out.

    A column that a request has as an object or a list may hold it as such or as JSON text. Only so many rows as are
    fetched at a time are in memory.

    Raises:
        MissingExtra, ValueError: as in `row_count`.
    """
    wanted = f"file_row_number >= {int(first)}" + ("" if stop is None else f" AND file_row_number < {int(stop)}")
    found = _query(f"SELECT to_json(struct_pack({_columns(path)})) FROM {_read(path, numbered=True)} WHERE {wanted}")
    while rows := found.fetchmany(_FETCHED):
        for (line,) in rows:
            yield _without_nulls(line).encode()


def _columns(path: str | os.PathLike[str]) -> str:
    described = _query(f"DESCRIBE SELECT * FROM {_read(path)}").fetchall()
    return ", ".join(_column(name, kind) for name, kind, *_ in described)


def _column(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "VARCHAR" and name in _STRUCTURED:
        return f"{quoted} := {quoted}::JSON"
    return f"{quoted} := {quoted}"


def _read(path: str | os.PathLike[str], *, numbered: bool = False) -> str:
    quoted = "'" + os.fspath(path).replace("'", "''") + "'"
    return f"read_parquet({quoted}{', file_row_number = true' if numbered else ''})"


def _query(text: str) -> Any:
    try:
        duckdb = import_module("duckdb")
    except ImportError as error:
        raise MissingExtra("reading Parquet", "parquet") from error
    connection = duckdb.connect()
    # One of several processes: more threads would only get in each other's way, and rows are wanted in their order.
    connection.execute("SET threads = 1")
    connection.execute("SET enable_progress_bar = false")  # it would write to standard output
    try:
        return connection.execute(text)
    except duckdb.Error as error:
        raise ValueError(str(error).splitlines()[0]) from error


def _without_nulls(line: str) -> str:
    """A column that is null, or a field of one, says nothing; in a request null would be a value."""
    if ":null" not in line:
        return line
    return json.dumps(_pruned(json.loads(line)), ensure_ascii=False)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _pruned(one) for name, one in value.items() if one is not None}
    return [_pruned(one) for one in value] if isinstance(value, list) else value
