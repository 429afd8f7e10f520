"""State in a SQLite file: exact between the processes of one machine, and still there after a restart."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from policy_engine.state.database import Database, Migrations
from policy_engine.state.sqlite_log import STATEMENTS, SqliteLog
from policy_engine.state.state import LATE_SETTLE_S, Ceiling

if TYPE_CHECKING:
    from sqlite3 import Connection

MIGRATIONS: Final[Migrations] = (
    (
        "CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, until_s REAL NOT NULL) WITHOUT ROWID",
        "CREATE TABLE counters (key TEXT PRIMARY KEY, amount INTEGER NOT NULL, until_s REAL NOT NULL) WITHOUT ROWID",
        "CREATE TABLE leases (lease TEXT, key TEXT, amount INTEGER NOT NULL, until_s REAL NOT NULL, "
        "counted_until_s REAL NOT NULL, PRIMARY KEY (lease, key)) WITHOUT ROWID",
        "CREATE INDEX leases_by_key ON leases (key, until_s, amount)",
    ),
    STATEMENTS,
)

_SWEEP_EVERY = 1_024

# INVARIANT: a counter past its end counts as 0, whether or not it has been swept away.
_ADD = """
    INSERT INTO counters (key, amount, until_s) VALUES (:key, :amount, :until_s)
    ON CONFLICT (key) DO UPDATE SET
        amount = excluded.amount + iif(until_s > :now_s, amount, 0),
        until_s = iif(until_s > :now_s, max(until_s, excluded.until_s), excluded.until_s)
"""


class SqliteState:
    """
    A `State` in a SQLite file, shared by all processes that open it.

    Args:
        path: the file, made if it is not there; on a disk of this machine.
        busy_timeout_s: how long to wait for another process that writes.

    Attributes:
        place: the file.
        log: the logs in the same file.
    """

    blocking = True

    def __init__(self, path: str | os.PathLike[str], *, busy_timeout_s: float = 5.0) -> None:
        self._database = Database(path, MIGRATIONS, busy_timeout_s=busy_timeout_s)
        self.place = self._database.path
        self.log = SqliteLog(self._database)
        self._changes = 0

    def get(self, key: str, *, now_s: float) -> bytes | None:
        """The entry of this key, or None if there is none any more."""
        found = self._database.row("SELECT value FROM entries WHERE key = ? AND until_s > ?", (key, now_s))
        return None if found is None else bytes(found[0])

    def put(self, key: str, value: bytes, *, now_s: float, until_s: float) -> None:
        """Replaces an entry."""
        with self._database.writing() as connection:
            self._sweep(connection, now_s)
            connection.execute("REPLACE INTO entries (key, value, until_s) VALUES (?, ?, ?)", (key, value, until_s))

    def delete(self, key: str) -> None:
        """Removes an entry, if there is one."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM entries WHERE key = ?", (key,))

    def add(self, amounts: Mapping[str, int], *, now_s: float, until_s: float) -> None:
        """Adds to counters, to all of them or none."""
        with self._database.writing() as connection:
            self._sweep(connection, now_s)
            for key, amount in amounts.items():
                _add(connection, key, amount, now_s=now_s, until_s=until_s)

    def counts(self, keys: Sequence[str], *, now_s: float) -> tuple[int, ...]:
        """What the counters stand at, with what leases hold of them."""
        with self._database.reading() as connection:
            return _counts(connection, keys, now_s)

    def hold(
        self, lease: str, amounts: Mapping[str, int], *, now_s: float, until_s: float, counted_until_s: float
    ) -> tuple[int, ...]:
        """Holds amounts of counters, and says what each counter stands at then."""
        with self._database.writing() as connection:
            self._sweep(connection, now_s)
            _hold(connection, lease, amounts, until_s=until_s, counted_until_s=counted_until_s)
            return _counts(connection, tuple(amounts), now_s)

    def admit(
        self,
        lease: str,
        amounts: Mapping[str, int],
        *,
        ceiling: Ceiling,
        now_s: float,
        until_s: float,
        counted_until_s: float,
    ) -> bool:
        """Holds amounts of counters, unless counters are above a ceiling; whether it did."""
        looked_at = ceiling.counters
        with self._database.writing() as connection:
            self._sweep(connection, now_s)
            if ceiling.is_passed(dict(zip(looked_at, _counts(connection, looked_at, now_s), strict=True))):
                return False
            _hold(connection, lease, amounts, until_s=until_s, counted_until_s=counted_until_s)
            return True

    def settle(self, lease: str, amounts: Mapping[str, int], *, now_s: float) -> bool:
        """Ends a lease and adds to its counters, once."""
        with self._database.writing() as connection:
            ended = connection.execute(
                "DELETE FROM leases WHERE lease = ? AND until_s > ? RETURNING key, amount, counted_until_s",
                (lease, now_s - LATE_SETTLE_S),
            ).fetchall()
            for key, held, until_s in ended:
                _add(connection, key, amounts.get(key, held), now_s=now_s, until_s=until_s)
            return bool(ended)

    def close(self) -> None:
        """Closes this process's connection; the next use opens another."""
        self._database.close()

    def _sweep(self, connection: Connection, now_s: float) -> None:
        """Now and then, frees what is over."""
        self._changes += 1
        if self._changes % _SWEEP_EVERY:
            return
        connection.execute("DELETE FROM entries WHERE until_s <= ?", (now_s,))
        connection.execute("DELETE FROM counters WHERE until_s <= ?", (now_s,))
        connection.execute("DELETE FROM leases WHERE until_s <= ?", (now_s - LATE_SETTLE_S,))


def _add(connection: Connection, key: str, amount: int, *, now_s: float, until_s: float) -> None:
    connection.execute(_ADD, {"key": key, "amount": amount, "now_s": now_s, "until_s": until_s})


def _hold(
    connection: Connection, lease: str, amounts: Mapping[str, int], *, until_s: float, counted_until_s: float
) -> None:
    rows = [(lease, key, amount, until_s, counted_until_s) for key, amount in amounts.items()]
    connection.executemany("INSERT INTO leases VALUES (?, ?, ?, ?, ?)", rows)


def _counts(connection: Connection, keys: Sequence[str], now_s: float) -> tuple[int, ...]:
    asked = f"until_s > ? AND key IN ({', '.join('?' * len(keys))})"
    added = dict(connection.execute(f"SELECT key, amount FROM counters WHERE {asked}", (now_s, *keys)))
    held = dict(connection.execute(f"SELECT key, sum(amount) FROM leases WHERE {asked} GROUP BY key", (now_s, *keys)))
    return tuple(added.get(key, 0) + held.get(key, 0) for key in keys)
