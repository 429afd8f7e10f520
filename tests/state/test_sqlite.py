"""Tests of state in a file: what becomes of it, and what happens when it cannot be used."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from policy_engine.errors import StateError
from policy_engine.state.sqlite import MIGRATIONS, SqliteState
from tests.state.programs import start


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    """Closing and opening again changes nothing, and a closed state opens itself."""
    state = SqliteState(tmp_path / "new" / "state.db")
    state.add({"n": 3}, now_s=0, until_s=100)
    state.close()
    state.close()

    with closing(SqliteState(tmp_path / "new" / "state.db")) as again:
        assert (again.counts(("n",), now_s=1), state.counts(("n",), now_s=1)) == ((3,), (3,))
    state.close()


def test_a_locked_file_is_a_state_error(tmp_path: Path) -> None:
    """What cannot be written for as long as is waited is a typed error, and works again once the file is free."""
    path = tmp_path / "state.db"
    with closing(SqliteState(path, busy_timeout_s=0)) as state:
        state.add({"n": 1}, now_s=0, until_s=100)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StateError) as caught:
                state.add({"n": 1}, now_s=0, until_s=100)
            while_locked = state.counts(("n",), now_s=1)
        state.add({"n": 1}, now_s=0, until_s=100)

        assert (caught.value.place, caught.value.reason) == (str(path), "database is locked")
        assert (while_locked, state.counts(("n",), now_s=1)) == ((1,), (2,))


def test_a_full_disk_is_a_state_error(tmp_path: Path) -> None:
    """What finds no room is a typed error, what was kept before is still there, and with room it goes on."""
    path = tmp_path / "state.db"
    with start("fill", path, 200_000) as process:
        said, _ = process.communicate()

    with closing(SqliteState(path)) as state:
        assert (process.returncode, said) == (0, f"{path}\n")
        assert (state.get("first", now_s=1), state.get("last", now_s=1)) == (b"1", b"2")


def test_a_file_of_something_else_is_a_state_error(tmp_path: Path) -> None:
    """A file that is no database is told, and left as it is."""
    path = tmp_path / "state.db"
    path.write_text("no database, but long enough to look at " * 20)

    with pytest.raises(StateError, match="file is not a database"):
        SqliteState(path).get("a", now_s=0)
    assert path.read_text().startswith("no database")


def test_a_damaged_file_is_a_state_error(tmp_path: Path) -> None:
    """Tables with names that are no text are told as what they are."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as damaged:
        damaged.execute("CREATE TABLE entries (key)")
        damaged.execute("PRAGMA writable_schema = 1")
        damaged.execute("UPDATE sqlite_master SET name = CAST(x'bf' AS TEXT), sql = 'nonsense'")

    with pytest.raises(StateError) as caught:
        SqliteState(path).get("a", now_s=0)
    assert caught.value.reason == "the file is damaged"


def test_a_file_of_a_newer_release_is_a_state_error(tmp_path: Path) -> None:
    """Tables of a version that this release does not know are not touched."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")

    with pytest.raises(StateError) as caught:
        SqliteState(path).get("a", now_s=0)
    assert caught.value.reason == (
        f"a newer release wrote it (version 99 of its tables, this one knows {len(MIGRATIONS)})"
    )
