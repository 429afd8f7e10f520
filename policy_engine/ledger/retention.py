"""Retention: what is too old, or too much, is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from policy_engine.state.database import Database

_BATCH = 1_000
_OLDEST = "SELECT id FROM requests WHERE at_us < ? ORDER BY at_us, id LIMIT ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long records are kept and how many; None is for ever, and any number."""

    max_age_s: float | None = 90 * 86_400.0
    max_records: int | None = None


def prune(database: Database, retention: Retention, *, now_s: float) -> int:
    """
    Deletes what is not to be kept, oldest first, and says how many records that was.

    In short transactions, so that writers go on. The file does not shrink; its room is used again.

    Raises:
        StateError: the ledger cannot be used; what was deleted before is gone.
    """
    deleted = 0
    before_us = _limit_us(database, retention, now_s)
    while before_us is not None and (some := _prune_some(database, before_us)):
        deleted += some
    return deleted


def _limit_us(database: Database, retention: Retention, now_s: float) -> int | None:
    """The moment from which on records are kept, None if all are."""
    limits = [] if retention.max_age_s is None else [round((now_s - retention.max_age_s) * 1e6)]
    if retention.max_records is not None:
        with database.reading() as connection:
            oldest = connection.execute(
                "SELECT at_us FROM requests ORDER BY at_us DESC, id DESC LIMIT 1 OFFSET ?", (retention.max_records,)
            ).fetchone()
        limits += [] if oldest is None else [oldest[0] + 1]
    return max(limits, default=None)


def _prune_some(database: Database, before_us: int) -> int:
    with database.writing() as connection:
        names = connection.execute(_OLDEST, (before_us, _BATCH)).fetchall()
        connection.executemany("DELETE FROM calls WHERE request = ?", names)
        connection.executemany("DELETE FROM shadows WHERE request = ?", names)
        connection.executemany("DELETE FROM requests WHERE id = ?", names)
    return len(names)
