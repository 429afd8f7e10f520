"""The ledger's tables, their versions, and how records go into them and come back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from policy_engine.ledger.record import Call, Record
from policy_engine.state.database import Migrations

if TYPE_CHECKING:
    from sqlite3 import Connection

# Money is text, since a float would not be exact; tuples and mappings are JSON.
MIGRATIONS: Final[Migrations] = (
    (
        """
        CREATE TABLE requests (
            "id" TEXT PRIMARY KEY, "at_us" INTEGER NOT NULL, "elapsed_ms" REAL, "request_id" TEXT,
            "session" TEXT, "user" TEXT,
            "revision" TEXT NOT NULL, "generation" INTEGER, "rule" TEXT, "effect" TEXT NOT NULL, "tier" TEXT,
            "model" TEXT, "task" TEXT, "attributes" TEXT NOT NULL, "signals" TEXT NOT NULL, "unknown" TEXT NOT NULL,
            "errors" TEXT NOT NULL, "skipped" TEXT NOT NULL, "tags" TEXT NOT NULL, "message_chars" INTEGER,
            "message_tokens" INTEGER, "input_chars" INTEGER, "input_tokens" INTEGER, "message_sha256" TEXT,
            "status" TEXT NOT NULL, "answered_by" TEXT, "answer_chars" INTEGER, "answer_sha256" TEXT,
            "escalations" INTEGER NOT NULL, "cost_usd" TEXT, "limit" TEXT, "cache" TEXT, "log" TEXT NOT NULL,
            "error" TEXT, "message" TEXT, "answer" TEXT
        ) WITHOUT ROWID
        """,
        "CREATE INDEX requests_by_time ON requests (at_us, id)",
        """
        CREATE TABLE calls (
            "request" TEXT NOT NULL, "position" INTEGER NOT NULL, "purpose" TEXT NOT NULL, "step" INTEGER NOT NULL,
            "model" TEXT NOT NULL, "tier" TEXT, "input_tokens" INTEGER, "cached_input_tokens" INTEGER,
            "cache_write_tokens" INTEGER, "output_tokens" INTEGER, "cost_usd" TEXT, "elapsed_ms" REAL,
            "first_token_ms" REAL, "verdict" TEXT,
            "reasons" TEXT NOT NULL, "failure" TEXT, "failure_status" INTEGER, "failure_text" TEXT,
            PRIMARY KEY ("request", "purpose", "position")
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE shadows (
            "request" TEXT PRIMARY KEY, "at_us" INTEGER NOT NULL, "result" TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE INDEX shadows_by_time ON shadows (at_us)",
    ),
)

CALL_FIELDS = tuple(field.name for field in fields(Call))
RECORD_FIELDS = tuple(field.name for field in fields(Record) if field.name not in ("shadow", "calls"))
_JSON = frozenset(("attributes", "signals", "unknown", "errors", "skipped", "tags", "reasons"))
_TUPLES = frozenset(("unknown", "errors", "skipped", "tags", "reasons"))


def columns(names: Iterable[str]) -> str:
    """Names of columns, quoted, since `limit` is a word of SQL too."""
    return ", ".join(f'"{name}"' for name in names)


_ADD_REQUEST = (
    f"INSERT INTO requests ({columns(RECORD_FIELDS)}) VALUES ({', '.join('?' * len(RECORD_FIELDS))}) "
    "ON CONFLICT DO NOTHING"
)
_ADD_CALL = (
    f"INSERT INTO calls ({columns(('request', *CALL_FIELDS))}) "
    f"VALUES ({', '.join('?' * (len(CALL_FIELDS) + 1))}) ON CONFLICT DO NOTHING"
)


def add_record(connection: Connection, record: Record) -> None:
    """Adds a record and its calls, unless they are there."""
    connection.execute(_ADD_REQUEST, [_written(name, getattr(record, name)) for name in RECORD_FIELDS])
    add_calls(connection, record.id, record.calls)


def add_calls(connection: Connection, request: str, calls: Iterable[Call]) -> None:
    """Adds calls to the record of this id, unless they are there."""
    rows = [(request, *(_written(name, getattr(call, name)) for name in CALL_FIELDS)) for call in calls]
    connection.executemany(_ADD_CALL, rows)


def add_shadow(connection: Connection, request: str, at_us: int, result: Mapping[str, Any]) -> None:
    """Adds a shadow's result, unless it is there."""
    connection.execute("INSERT INTO shadows VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (request, at_us, to_json(result)))


def read_fields(names: Iterable[str], row: Iterable[Any]) -> dict[str, Any]:
    """The fields of a record or call from its columns."""
    return {name: _read(name, value) for name, value in zip(names, row, strict=True)}


def to_json(value: object) -> str:
    """A value as JSON; what JSON has not becomes its text."""
    return json.dumps(value, default=str, separators=(",", ":"))


def _written(name: str, value: Any) -> Any:
    if name in _JSON:
        return to_json(value)
    return format(value, "f") if isinstance(value, Decimal) else value


def _read(name: str, value: Any) -> Any:
    if name in _JSON:
        decoded = json.loads(value)
        return tuple(decoded) if name in _TUPLES else decoded
    return Decimal(value) if name == "cost_usd" and value is not None else value
