"""Reading the ledger: records in order of time, with their calls and what shadows said."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from policy_engine.ledger.record import Call, Record
from policy_engine.ledger.schema import CALL_FIELDS, MIGRATIONS, RECORD_FIELDS, columns, read_fields
from policy_engine.state.database import Database

if TYPE_CHECKING:
    from sqlite3 import Connection

_PAGE = 500
_REQUESTS = (
    f"SELECT {columns(RECORD_FIELDS)}, (SELECT result FROM shadows WHERE request = id) FROM requests "
    "WHERE (at_us, id) > (?, ?) AND at_us < ? ORDER BY at_us, id LIMIT ?"
)
_CALLS = f"SELECT {columns(CALL_FIELDS)} FROM calls WHERE request = ? ORDER BY purpose = 'shadow', position"
_EVER_US = 2**62


class Reader:
    """
    Reads a ledger, also while it is written to, also by other processes.

    Args:
        path: the ledger's file.

    Raises:
        FileNotFoundError: there is no such file.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not os.path.isfile(path):
            raise FileNotFoundError(f"no ledger at `{os.fspath(path)}`")
        self._database = Database(path, MIGRATIONS)

    def records(self, *, since_s: float | None = None, until_s: float | None = None) -> Iterator[Record]:
        """
        Records from `since_s` on and before `until_s`, Unix seconds, oldest first.

        Holds a few hundred at a time and no transaction while they are looked at. What is added behind the present
        place meanwhile is missed.

        Raises:
            StateError: the ledger cannot be read, or a newer release wrote it.
        """
        # INVARIANT: no id is smaller than the empty one, so this place is before all records of its moment.
        place: tuple[int, str] = (-_EVER_US if since_s is None else round(since_s * 1e6), "")
        until_us = _EVER_US if until_s is None else round(until_s * 1e6)
        while page := self._page(place, until_us):
            yield from page
            place = (page[-1].at_us, page[-1].id)

    def count(self) -> int:
        """
        How many records there are.

        Raises:
            StateError: the ledger cannot be read.
        """
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM requests").fetchone()[0])

    def close(self) -> None:
        """Closes the file; reading on opens it again."""
        self._database.close()

    def _page(self, place: tuple[int, str], until_us: int) -> tuple[Record, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(_REQUESTS, (*place, until_us, _PAGE)).fetchall()
            return tuple(_record(connection, row) for row in rows)


def _record(connection: Connection, row: tuple[Any, ...]) -> Record:
    kept = read_fields(RECORD_FIELDS, row[:-1])
    calls = connection.execute(_CALLS, (kept["id"],)).fetchall()
    return Record(
        **kept,
        shadow=None if row[-1] is None else json.loads(row[-1]),
        calls=tuple(Call(**read_fields(CALL_FIELDS, call)) for call in calls),
    )
