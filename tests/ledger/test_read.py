"""Tests of reading a ledger, and of deleting what is too old."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from policy_engine.errors import StateError
from policy_engine.ledger.entry import ShadowEntry
from policy_engine.ledger.read import Reader
from policy_engine.ledger.retention import Retention, prune
from policy_engine.ledger.schema import MIGRATIONS
from policy_engine.ledger.writer import Writer
from policy_engine.state.database import Database
from tests.ledger.entries import AT_S, entry


def ledger(path: Path, *seconds: float) -> Path:
    """A ledger with records of these moments, each with a shadow, named by their order."""
    with closing(Writer(path, clock=lambda: AT_S)) as writer:
        for number, second in enumerate(seconds):
            writer.record(entry(f"e{number:04}", at_s=AT_S + second))
            writer.record(ShadowEntry(id=f"e{number:04}", at_s=AT_S + second, result={}))
    return path


def ids(path: Path, **between: float) -> list[str]:
    """The records between two moments, by name."""
    with closing(Reader(path)) as reader:
        return [record.id for record in reader.records(**between)]


def test_records_come_in_order_of_time(tmp_path: Path) -> None:
    """Oldest first, those of one moment by name."""
    assert ids(ledger(tmp_path / "l.db", 3, 1, 2, 1)) == ["e0001", "e0003", "e0002", "e0000"]


def test_a_period_holds_its_beginning_and_not_its_end(tmp_path: Path) -> None:
    """Records from the first moment on and before the second."""
    path = ledger(tmp_path / "l.db", 1, 2, 3)

    assert ids(path, since_s=AT_S + 2, until_s=AT_S + 3) == ["e0001"]


def test_long_ledgers_are_read_in_pages(tmp_path: Path) -> None:
    """However many records there are, each comes once; also where a page ends within one moment."""
    path = ledger(tmp_path / "l.db", *([0] * 501), *([1] * 501))

    assert ids(path) == [f"e{number:04}" for number in range(1_002)]
    with closing(Reader(path)) as reader:
        assert reader.count() == 1_002


def test_a_reader_does_not_hold_up_a_writer(tmp_path: Path) -> None:
    """In the middle of reading others can write."""
    path = ledger(tmp_path / "l.db", 1, 2)
    with closing(Reader(path)) as reader, closing(Writer(path, clock=lambda: AT_S, busy_timeout_s=0)) as writer:
        reading = reader.records()
        next(reading)
        writer.record(entry("later", at_s=AT_S + 9))

        assert writer.flush() is True
        assert [record.id for record in reading] == ["e0001", "later"]


def test_a_ledger_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Reading makes no empty ledger."""
    with pytest.raises(FileNotFoundError, match="no ledger at"):
        Reader(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_of_a_newer_release_is_told(tmp_path: Path) -> None:
    """A version of the tables that this release does not know is an error, and not guessed at."""
    path = ledger(tmp_path / "l.db", 1)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")

    with pytest.raises(StateError, match="a newer release wrote it"):
        ids(path)


@pytest.mark.parametrize(
    ("retention", "left"),
    [
        (Retention(max_age_s=None), ["e0000", "e0001", "e0002"]),
        (Retention(max_age_s=8.0), ["e0001", "e0002"]),
        (Retention(max_age_s=None, max_records=1), ["e0002"]),
        (Retention(max_age_s=8.0, max_records=1), ["e0002"]),
        (Retention(max_age_s=8.0, max_records=3), ["e0001", "e0002"]),
        (Retention(max_age_s=None, max_records=0), []),
    ],
)
def test_what_is_too_old_or_too_much_is_deleted(tmp_path: Path, retention: Retention, left: list[str]) -> None:
    """Records older than allowed go, and the oldest of too many, with their calls and shadows."""
    path = ledger(tmp_path / "l.db", 1, 2, 3)
    with closing(Database(path, MIGRATIONS)) as database:
        deleted = prune(database, retention, now_s=AT_S + 10)
        with database.reading() as connection:
            calls = connection.execute("SELECT DISTINCT request FROM calls ORDER BY 1").fetchall()
            shadows = connection.execute("SELECT request FROM shadows ORDER BY 1").fetchall()

    assert (deleted, ids(path)) == (3 - len(left), left)
    assert calls == shadows == [(name,) for name in left]
