"""Tests of transactions on a file: whole or not at all, brought up to date once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from policy_engine.errors import StateError
from policy_engine.state.database import Database

FIRST = ("CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES (1)")
SECOND = ("INSERT INTO t VALUES (2)",)
BROKEN = ("INSERT INTO t VALUES (3)", "INSERT INTO nowhere VALUES (1)")


def numbers(database: Database) -> list[int]:
    """What is in the file."""
    with database.reading() as connection:
        return [n for (n,) in connection.execute("SELECT n FROM t ORDER BY n")]


def write(database: Database, *values: object) -> None:
    """Writes values in one transaction; one that is an exception is raised."""
    with database.writing() as connection:
        for value in values:
            if isinstance(value, Exception):
                raise value
            connection.execute("INSERT INTO t VALUES (?)", (value,))


def test_an_exception_undoes_the_transaction(tmp_path: Path) -> None:
    """What was written before an exception is undone, the exception goes on, and so does the database."""
    with closing(Database(tmp_path / "d.db", (FIRST,))) as database:
        with pytest.raises(KeyError):
            write(database, 7, KeyError())
        write(database, 8)

        assert numbers(database) == [1, 8]


def test_migrations_are_made_once_and_in_order(tmp_path: Path) -> None:
    """A file gets the migrations that it has not had yet."""
    with closing(Database(tmp_path / "d.db", (FIRST,))) as old:
        assert numbers(old) == [1]

    with closing(Database(tmp_path / "d.db", (FIRST, SECOND))) as new:
        assert numbers(new) == [1, 2]
    with closing(Database(tmp_path / "d.db", (FIRST, SECOND))) as again:
        assert numbers(again) == [1, 2]


def test_a_failed_migration_changes_nothing(tmp_path: Path) -> None:
    """Migrations happen all or not at all."""
    with closing(Database(tmp_path / "d.db", (FIRST,))) as old:
        assert numbers(old) == [1]
        with pytest.raises(StateError, match="no such table: nowhere"):
            numbers(Database(tmp_path / "d.db", (FIRST, BROKEN)))

        assert numbers(old) == [1]


def test_a_full_disk_undoes_the_transaction(tmp_path: Path) -> None:
    """What does not fit is undone whole, and smaller things fit as before."""

    def small(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 5")

    with closing(Database(tmp_path / "d.db", (FIRST,), prepare=small)) as database:
        with pytest.raises(StateError) as caught:
            write(database, 7, "x" * 100_000)
        write(database, 8)

        assert (caught.value.reason, numbers(database)) == ("database or disk is full", [1, 8])


def test_the_file_is_in_wal_mode(tmp_path: Path) -> None:
    """Readers do not hold up the writer, nor it them."""
    with closing(Database(tmp_path / "d.db", (FIRST,))) as database, database.reading() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_threads_wait_their_turn_only_so_long(tmp_path: Path) -> None:
    """A thread that others keep from the file is told so, however many of them there are."""
    database = Database(tmp_path / "d.db", (FIRST,), busy_timeout_s=-1.0)
    with closing(database), database.reading(), ThreadPoolExecutor(1) as pool:
        other = pool.submit(numbers, database)

        with pytest.raises(StateError, match="other threads of this process"):
            other.result()
