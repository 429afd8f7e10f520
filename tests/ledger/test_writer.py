"""Tests of writing: in batches, once each, and never to the harm of a request."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.ledger.describe import record_of
from policy_engine.ledger.entry import ShadowEntry
from policy_engine.ledger.privacy import Log
from policy_engine.ledger.read import Reader
from policy_engine.ledger.record import Record
from policy_engine.ledger.retention import Retention
from policy_engine.ledger.writer import Keeping, Pace, Writer, WriterStatus
from policy_engine.model.events import Event, LedgerFailed, LedgerRecovered
from policy_engine.model.outcome import CallRecord
from tests.ledger.entries import AT_S, entry, outcome

TOP = Path(__file__).parent.parent.parent
PATIENCE_S = 30.0
QUICK = Pace(linger_s=0.0, retry_s=0.01)


class Heard:
    """Events that are heard, to be waited for."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, count: int) -> bool:
        """Whether so many were heard in time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.events) >= count, PATIENCE_S)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may be."""
    return tmp_path / "ledger.db"


@pytest.fixture
def writing(path: Path) -> Iterator[Callable[..., Writer]]:
    """Makes writers that are closed in the end."""
    made: list[Writer] = []

    def make(**settings: object) -> Writer:
        settings = {"pace": QUICK, "clock": lambda: AT_S, **settings}
        made.append(Writer(path, **settings))  # type: ignore[arg-type]  # as given
        return made[-1]

    yield make
    for writer in made:
        writer.close(0.0)


def records(path: Path) -> list[Record]:
    """What is in the ledger."""
    with closing(Reader(path)) as reader:
        return list(reader.records())


def locked(path: Path) -> closing[sqlite3.Connection]:
    """Somebody who has the file for himself until he closes it."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return closing(other)


def test_what_is_handed_in_is_read_back(path: Path, writing: Callable[..., Writer]) -> None:
    """A record comes back as it was described, its money exact."""
    writer = writing()

    assert (writer.record(entry()), writer.flush(PATIENCE_S)) == (True, True)
    assert records(path) == [record_of(entry())]
    assert writer.status() == WriterStatus(waiting=0, written=1, dropped=0, error=None)


def test_the_keeping_is_kept_to(path: Path, writing: Callable[..., Writer]) -> None:
    """What is kept of texts and what is masked is as the writer was told."""
    writer = writing(keeping=Keeping(log=Log.REDACTED, masks=("user",)))
    writer.record(entry())
    writer.flush(PATIENCE_S)

    assert records(path) == [record_of(entry(), masks=("user",), log=Log.REDACTED)]


def test_a_shadow_joins_its_record(path: Path, writing: Callable[..., Writer]) -> None:
    """What a shadow says later stands in the record of the request, and what it paid among its calls."""
    writer = writing()
    paid = CallRecord(step=0, model="haiku", tier="fast", purpose="shadow", cost_usd=Decimal("0.02"))
    writer.record(entry())
    writer.record(ShadowEntry(id="e1", at_s=AT_S + 1, result={"equal": True}, calls=(paid,)))
    writer.flush(PATIENCE_S)

    (record,) = records(path)
    assert record.shadow == {"equal": True}
    assert [(call.purpose, call.model, call.cost_usd) for call in record.calls[3:]] == [
        ("shadow", "haiku", Decimal("0.02"))
    ]


def test_the_same_record_is_written_once(path: Path, writing: Callable[..., Writer]) -> None:
    """Handing in a record again, here or after a restart, changes nothing."""
    first = writing()
    first.record(entry())
    first.record(entry(outcome=outcome(text="something else")))
    first.close(PATIENCE_S)
    second = writing()
    second.record(entry())
    second.flush(PATIENCE_S)

    assert records(path) == [record_of(entry())]


def test_threads_hand_in_together(path: Path, writing: Callable[..., Writer]) -> None:
    """Nothing is lost between threads, and closing writes what waits."""
    writer = writing(pace=Pace(linger_s=60.0))
    threads = [
        threading.Thread(target=lambda n=n: [writer.record(entry(f"{n}/{i}")) for i in range(50)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert writer.close(PATIENCE_S) is True
    assert len(records(path)) == 200


def test_a_full_backlog_drops_and_counts(path: Path, writing: Callable[..., Writer]) -> None:
    """With no room left new entries are dropped, which is told and counted, and what waits is written."""
    heard = Heard()
    writer = writing(on_event=heard, pace=Pace(capacity=2, linger_s=60.0))

    accepted = [writer.record(entry(f"e{n}")) for n in range(3)]
    writer.flush(PATIENCE_S)

    assert accepted == [True, True, False]
    assert heard.wait_for(1)
    assert heard.events == [LedgerFailed(reason="more came in than could be written", dropped=1)]
    assert writer.status() == WriterStatus(waiting=0, written=2, dropped=1, error=None)


def test_after_closing_everything_is_dropped(writing: Callable[..., Writer]) -> None:
    """A closed writer takes nothing, and closing again is fine."""
    writer = writing()
    writer.record(entry())

    assert (writer.close(PATIENCE_S), writer.close(PATIENCE_S), writer.record(entry("e2"))) == (True, True, False)
    assert writer.status().dropped == 1


def test_a_locked_file_is_told_and_waited_for(path: Path, writing: Callable[..., Writer]) -> None:
    """While the file is locked entries wait, which is told once; then they are written, which is told too."""
    heard = Heard()
    writer = writing(on_event=heard, busy_timeout_s=0)
    writer.record(entry("before"))
    writer.flush(PATIENCE_S)
    with locked(path):
        assert writer.record(entry("during")) is True
        assert heard.wait_for(1)
        error = writer.status().error

    assert writer.flush(PATIENCE_S) is True
    assert error == "database is locked"
    assert heard.events == [LedgerFailed(reason="database is locked", dropped=0), LedgerRecovered(dropped=0)]
    assert sorted(record.id for record in records(path)) == ["before", "during"]


def test_closing_while_the_file_is_locked_takes_bounded_time(path: Path, writing: Callable[..., Writer]) -> None:
    """What cannot be written when the writer is closed is dropped, counted and told."""
    heard = Heard()
    writer = writing(on_event=heard, busy_timeout_s=0, pace=Pace(linger_s=0.0, retry_s=60.0))
    writer.record(entry("before"))
    writer.flush(PATIENCE_S)
    with locked(path):
        writer.record(entry("during"))
        heard.wait_for(1)

        assert writer.close(PATIENCE_S) is False
    assert heard.events == [LedgerFailed(reason="database is locked", dropped=n) for n in (0, 1)]


def test_a_full_disk_is_told_and_waited_for(path: Path, writing: Callable[..., Writer]) -> None:
    """With no room on the disk requests go on, entries beyond the backlog are dropped; with room it is written on."""
    heard, connections = Heard(), list[sqlite3.Connection]()

    def small(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 15")
        connections.append(connection)

    writer = writing(on_event=heard, prepare=small, pace=Pace(capacity=100, linger_s=0.0, retry_s=0.01))
    for number in range(90):
        writer.record(entry(f"e{number}"))
    assert heard.wait_for(1)
    for number in range(90, 290):
        writer.record(entry(f"e{number}"))
    dropped = writer.status().dropped
    connections[0].execute("PRAGMA max_page_count = 100000")

    assert writer.flush(PATIENCE_S) is True
    assert dropped >= 100
    assert heard.events == [
        LedgerFailed(reason="database or disk is full", dropped=0),
        LedgerRecovered(dropped=dropped),
    ]
    assert len(records(path)) == 290 - dropped


def test_a_place_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    """A ledger in a place that is no folder is told, and requests go on."""
    heard = Heard()
    (tmp_path / "file").touch()
    writer = Writer(tmp_path / "file" / "ledger.db", on_event=heard, pace=QUICK)

    assert writer.record(entry()) is True
    assert heard.wait_for(1)
    assert writer.close(PATIENCE_S) is False


def test_what_cannot_be_described_is_dropped_alone(path: Path, writing: Callable[..., Writer]) -> None:
    """A record that cannot be made is told without its text and counted, and its neighbours are written."""
    heard = Heard()
    writer = writing(on_event=heard, pace=Pace(linger_s=60.0))
    writer.record(entry("one"))
    writer.record(entry("bad", facts=None))
    writer.record(entry("too late", at_s=1e30))
    writer.record(entry("two"))
    writer.flush(PATIENCE_S)

    assert [record.id for record in records(path)] == ["one", "two"]
    assert heard.events == [
        LedgerFailed(reason="a record could not be made: `AttributeError`", dropped=1),
        LedgerFailed(reason="Python int too large to convert to SQLite INTEGER", dropped=2),
    ]
    assert writer.status() == WriterStatus(waiting=0, written=2, dropped=2, error=None)


def test_old_records_are_deleted_on_the_way(path: Path, writing: Callable[..., Writer]) -> None:
    """The writer sees to retention by its clock, at the beginning and then every hour."""
    now_s = [AT_S]
    writer = writing(keeping=Keeping(retention=Retention(max_age_s=100.0)), clock=lambda: now_s[0])
    writer.record(entry("old", at_s=AT_S - 101))
    writer.record(entry("new", at_s=AT_S - 99))
    writer.flush(PATIENCE_S)
    now_s[0] = AT_S + 3_600
    writer.record(entry("later", at_s=AT_S + 3_600))
    writer.close(PATIENCE_S)

    assert [record.id for record in records(path)] == ["later"]


def test_a_killed_process_loses_at_most_what_was_not_flushed(path: Path, writing: Callable[..., Writer]) -> None:
    """After kill -9 the ledger opens, has all that was flushed, whole, and nothing twice on handing in again."""
    command = [sys.executable, "-m", "tests.ledger.entries", str(path), "500"]
    with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as process:
        lines = iter(process.stdout or ())
        flushed = [int(next(lines)), int(next(lines))][-1]
        process.kill()

    found = records(path)
    writer = writing()
    for number in range(len(found) + 10):
        writer.record(entry(f"e{number}"))
    writer.flush(PATIENCE_S)

    assert flushed == 1_000
    assert len(found) >= flushed
    assert sorted(found, key=lambda record: int(record.id[1:])) == [
        record_of(entry(f"e{number}")) for number in range(len(found))
    ]
    assert len(records(path)) == len(found) + 10


def test_a_forked_child_writes_too(path: Path) -> None:
    """Parent and child of a fork both write on, and what waited in the parent is written once."""
    program = f"""
import os
from policy_engine.ledger.writer import Pace, Writer
from tests.ledger.entries import entry
writer = Writer({os.fspath(path)!r}, pace=Pace(linger_s=60.0), clock=lambda: {AT_S})
writer.record(entry("before"))
child = os.fork()
writer.record(entry("child" if child == 0 else "parent"))
assert writer.close(30.0)
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", program], cwd=TOP, check=True)

    assert sorted(record.id for record in records(path)) == ["before", "child", "parent"]


def test_a_process_that_ends_writes_what_waits(path: Path) -> None:
    """Whoever forgets to close loses nothing when the interpreter ends in order."""
    program = f"""
from policy_engine.ledger.writer import Pace, Writer
from tests.ledger.entries import entry
writer = Writer({os.fspath(path)!r}, pace=Pace(linger_s=60.0), clock=lambda: {AT_S})
writer.record(entry())
"""
    subprocess.run([sys.executable, "-c", program], cwd=TOP, check=True)

    assert [record.id for record in records(path)] == ["e1"]
