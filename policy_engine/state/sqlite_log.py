"""Logs in the SQLite file of a state: shared by the processes of one machine, still there after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from policy_engine.state.database import Database
from policy_engine.state.log import PAGE, Record

if TYPE_CHECKING:
    from sqlite3 import Connection

# A replaced entry gets a new position, so that whoever had the old one sees the change. AUTOINCREMENT: a position is
# never given twice, even if the newest record was deleted.
STATEMENTS: Final = (
    "CREATE TABLE records (position INTEGER PRIMARY KEY AUTOINCREMENT, log TEXT NOT NULL, entry TEXT NOT NULL, "
    "value BLOB, until_s REAL NOT NULL, UNIQUE (log, entry))",
    "CREATE INDEX records_by_log ON records (log, position)",
)

_SWEEP_EVERY: Final = 1_024


class SqliteLog:
    """
    A `Log` in a SQLite file.

    Args:
        database: one whose migrations include `STATEMENTS`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = 0

    def append(self, log: str, entry: str, value: bytes, *, now_s: float, until_s: float) -> int:
        """Adds an entry, in place of one of the same name, and gives its position."""
        with self._database.writing() as connection:
            self._sweep(connection, now_s)
            return _put(connection, log, entry, value, until_s)

    def remove(self, log: str, entries: Sequence[str], *, now_s: float) -> int:
        """Removes entries; gives how many of them were there."""
        removed = 0
        with self._database.writing() as connection:
            self._sweep(connection, now_s)
            for entry in dict.fromkeys(entries):
                found = connection.execute(
                    "SELECT until_s FROM records WHERE log = ? AND entry = ? AND value IS NOT NULL AND until_s > ?",
                    (log, entry, now_s),
                ).fetchone()
                if found is not None:
                    _put(connection, log, entry, None, found[0])
                    removed += 1
        return removed

    def since(self, log: str, position: int, *, now_s: float, limit: int = PAGE) -> tuple[Record, ...]:
        """The records after a position, in order, at most so many."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT position, entry, value, until_s FROM records WHERE log = ? AND position > ? AND until_s > ? "
                "ORDER BY position LIMIT ?",
                (log, position, now_s, limit),
            ).fetchall()
        return tuple(
            Record(position=at, entry=entry, value=value, until_s=until_s) for at, entry, value, until_s in rows
        )

    def names(self, prefix: str, *, now_s: float) -> tuple[str, ...]:
        """The logs that have entries and whose names begin like this, sorted."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT DISTINCT log FROM records WHERE substr(log, 1, ?) = ? AND value IS NOT NULL AND until_s > ? "
                "ORDER BY log",
                (len(prefix), prefix, now_s),
            ).fetchall()
        return tuple(log for (log,) in rows)

    def _sweep(self, connection: Connection, now_s: float) -> None:
        """Now and then, frees what is over."""
        self._changes += 1
        if self._changes % _SWEEP_EVERY == 0:
            connection.execute("DELETE FROM records WHERE until_s <= ?", (now_s,))


def _put(connection: Connection, log: str, entry: str, value: bytes | None, until_s: float) -> int:
    connection.execute("DELETE FROM records WHERE log = ? AND entry = ?", (log, entry))
    done = connection.execute(
        "INSERT INTO records (log, entry, value, until_s) VALUES (?, ?, ?, ?)", (log, entry, value, until_s)
    )
    return int(done.lastrowid or 0)
