"""A SQLite file that threads and processes share: one connection per process, short transactions, typed failures."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any, TypeAlias

from policy_engine.errors import StateError
from policy_engine.state.process import PerProcess

Migrations: TypeAlias = tuple[tuple[str, ...], ...]
"""Statements that make version 1 from nothing, version 2 from version 1, and so on; a released one never changes."""

_FAILURES = (sqlite3.Error, OverflowError, OSError, UnicodeDecodeError)
_RETRY_S = 0.01
_TURN_S = 1.0
_MAX_WAIT_MS = 2**31 - 1


class Database:
    """
    Transactions on one SQLite file in WAL mode.

    The file and its folder are made on first use. A killed process loses no transaction that has ended; a power cut
    may lose the last ones. Safe under threads and fork: the threads of a process take turns, so that only processes
    compete for the file.

    Args:
        path: the file; must not be on a network file system.
        migrations: what brings the file up to date.
        busy_timeout_s: how long to wait for other processes; for other threads it is a second more.
        prepare: given each new connection, before the first transaction.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        migrations: Migrations,
        *,
        busy_timeout_s: float = 5.0,
        prepare: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self._migrations = migrations
        self._busy_timeout_s = busy_timeout_s
        self._prepare = prepare
        self._handle = PerProcess(_Handle)

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """
        A transaction that may write: it happens whole or, on an exception, not at all. Blocks while others write.

        Raises:
            StateError: the file is locked for too long, the disk is full, or the file cannot be used at all.
        """
        return self._transaction("BEGIN IMMEDIATE")

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """
        A transaction that sees one moment of the file; writers are not held up.

        Raises:
            StateError: the file cannot be used.
        """
        return self._transaction("BEGIN")

    def row(self, statement: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        """
        The first row that one statement gives, which sees one moment of the file; None if it gives none.

        Raises:
            StateError: the file cannot be used.
        """
        handle = self._handle.get()
        self._take_turn(handle)
        try:
            if handle.connection is None:
                handle.connection = self._opened()
            rows = handle.connection.execute(statement, values).fetchall()  # all, so that the reading ends
        except _FAILURES as error:
            raise StateError(self.path, _reason(error)) from error
        finally:
            handle.lock.release()
        return rows[0] if rows else None

    def close(self) -> None:
        """Closes this process's connection; the next transaction opens another."""
        handle = self._handle.made()
        if handle is not None:
            with handle.lock:
                handle.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        handle = self._handle.get()
        with self._turn(handle), self._failures():
            if handle.connection is None:
                handle.connection = self._opened()
            connection = handle.connection
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _turn(self, handle: _Handle) -> Iterator[None]:
        self._take_turn(handle)
        try:
            yield
        finally:
            handle.lock.release()

    def _take_turn(self, handle: _Handle) -> None:
        # While another process has the file, the threads of this one must not wait for each other's waiting.
        if not handle.lock.acquire(timeout=self._busy_timeout_s + _TURN_S):
            raise StateError(self.path, "other threads of this process have been at it for too long")

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise StateError(self.path, _reason(error)) from error

    def _opened(self) -> sqlite3.Connection:
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            connection.execute(f"PRAGMA busy_timeout = {min(_MAX_WAIT_MS, int(self._busy_timeout_s * 1000))}")
            self._turn_to_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            if self._prepare is not None:
                self._prepare(connection)
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _turn_to_wal(self, connection: sqlite3.Connection) -> None:
        """Asks for WAL mode, again and again if need be: SQLite does not wait by itself for others that ask for it."""
        until = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                    raise
            time.sleep(_RETRY_S)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        newest = len(self._migrations)
        if _version(connection) == newest:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            found = _version(connection)  # another process may have been faster
            if found > newest:
                raise StateError(
                    self.path, f"a newer release wrote it (version {found} of its tables, this one knows {newest})"
                )
            for statements in self._migrations[found:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {newest}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


class _Handle:
    """A process's connection and the lock under which it is used."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.connection: sqlite3.Connection | None = None

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _reason(error: Exception) -> str:
    # SQLite quotes what it found in a damaged file, which may be no text.
    return "the file is damaged" if isinstance(error, UnicodeDecodeError) else str(error)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
