"""Export of the ledger to Parquet and JSON Lines, for those who look at it with other tools."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from policy_engine.errors import MissingExtra
from policy_engine.ledger.record import Record
from policy_engine.ledger.schema import CALL_FIELDS, RECORD_FIELDS, to_json

# Types by column; the rest is text. Mappings stay JSON, since their names differ from record to record.
_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("at_us", "generation"), "BIGINT"),
    **dict.fromkeys(("message_chars", "message_tokens", "input_chars", "input_tokens", "answer_chars"), "BIGINT"),
    **dict.fromkeys(("escalations", "position", "step", "failure_status"), "BIGINT"),
    **dict.fromkeys(("cached_input_tokens", "cache_write_tokens", "output_tokens"), "BIGINT"),
    **dict.fromkeys(("elapsed_ms", "first_token_ms"), "DOUBLE"),
    **dict.fromkeys(("unknown", "errors", "skipped", "tags", "reasons"), "VARCHAR[]"),
    "cost_usd": "DECIMAL(38, 18)",
}
_REQUESTS = (*RECORD_FIELDS, "shadow")
_CALLS = ("request", "at_us", *CALL_FIELDS)


def export_parquet(records: Iterable[Record], folder: str | os.PathLike[str]) -> tuple[Path, Path]:
    """
    Writes `requests.parquet` and `calls.parquet`, and gives back their paths; `calls.request` is `requests.id`.

    `at_utc` is the moment, money is exact to 18 places. Files that are there are replaced.

    Raises:
        MissingExtra: duckdb, of the extra `parquet`, is not installed.
        OSError: the folder cannot be written to.
    """
    duckdb = _duckdb()
    from tempfile import TemporaryDirectory

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="policy_engine-") as aside, duckdb.connect() as connection:
        lines = Path(aside, "requests.jsonl"), Path(aside, "calls.jsonl")
        _write_lines(records, *lines)
        written = []
        for source, names in zip(lines, (_REQUESTS, _CALLS), strict=True):
            goal = target / f"{source.stem}.parquet"
            _convert(connection, source, goal, names)
            written.append(goal)
    return written[0], written[1]


def json_line(record: Record) -> str:
    """
    A record with its calls as one line of JSON.

    Moments are microseconds (`at_us`), money is text, which stays exact.
    """
    calls = [{name: _exact(getattr(call, name)) for name in CALL_FIELDS} for call in record.calls]
    return to_json({**{name: _exact(getattr(record, name)) for name in _REQUESTS}, "calls": calls})


def _duckdb() -> Any:
    try:
        return import_module("duckdb")
    except ImportError as error:
        raise MissingExtra("export to Parquet", "parquet") from error


def _write_lines(records: Iterable[Record], requests: Path, calls: Path) -> None:
    with requests.open("w", encoding="utf-8") as to_requests, calls.open("w", encoding="utf-8") as to_calls:
        for record in records:
            to_requests.write(to_json({name: _plain(getattr(record, name)) for name in _REQUESTS}) + "\n")
            for call in record.calls:
                line = {name: _plain(getattr(call, name)) for name in CALL_FIELDS}
                to_calls.write(to_json({"request": record.id, "at_us": record.at_us, **line}) + "\n")


def _convert(connection: Any, source: Path, goal: Path, names: tuple[str, ...]) -> None:
    types = ", ".join(f"{_quoted(name)}: {_quoted(_TYPES.get(name, 'VARCHAR'))}" for name in names)
    read = f"read_json({_quoted(str(source))}, format = 'newline_delimited', columns = {{{types}}})"
    connection.execute(
        f"COPY (SELECT make_timestamp(at_us) AS at_utc, * EXCLUDE (at_us) FROM {read}) "
        f"TO {_quoted(str(goal))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _plain(value: object) -> object:
    # As text, a mapping stays what it is.
    return to_json(value) if isinstance(value, Mapping) else _exact(value)


def _exact(value: object) -> object:
    # As text, a decimal goes through JSON without becoming a float.
    return format(value, "f") if isinstance(value, Decimal) else value


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
