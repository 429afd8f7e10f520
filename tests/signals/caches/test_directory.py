"""Tests of a cache's entries in a process, and of the file that keeps them ready for the next one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy_engine.signals.caches.directory import SAVED_FROM, Directory
from policy_engine.signals.caches.entry import Entry, encoded
from policy_engine.signals.caches.saved import Saved, path_beside
from policy_engine.state.log import PAGE, Record
from policy_engine.state.sqlite import SqliteState

LOG = "cache/c/any/1"
COUNT = SAVED_FROM + 100
VECTORS = np.random.default_rng(7).normal(size=(COUNT + 50, 16)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)


class Kept:
    """A cache's entries over a state file, for one process after the other."""

    def __init__(self, folder: Path) -> None:
        self.state = SqliteState(folder / "state.db")
        self.path = Path(path_beside(str(folder / "state.db"), LOG))
        self.told: list[tuple[str, str]] = []

    def opened(self, now_s: float = 1.0) -> Directory:
        """The entries as a process that starts now knows them."""
        saved = Saved(str(self.path), state=self.state, log=LOG, tell=lambda *said: self.told.append(said))
        directory = Directory(self.state.log, LOG, saved=saved, ttl_s=1e6, aside=at_once)
        directory.follow(now_s)
        return directory

    def append(self, numbers: Sequence[int], until_s: float = 1e6) -> None:
        """Adds entries as another process would."""
        for number in numbers:
            self.state.log.append(LOG, f"e{number}", encoded(entry(number)), now_s=0, until_s=until_s)

    def saved(self) -> Kept:
        """The same with many entries, and a file of them."""
        self.append(range(COUNT))
        self.opened().close()
        assert self.path.is_file()
        return self


class Reading:
    """A log that counts what is read from it."""

    def __init__(self, state: SqliteState) -> None:
        self._log = state.log
        self.records = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._log, name)

    def since(self, log: str, position: int, *, now_s: float, limit: int = PAGE) -> tuple[Record, ...]:
        """What the log gives."""
        records = self._log.since(log, position, now_s=now_s, limit=limit)
        self.records += len(records)
        return records


def at_once(step: Callable[[], bool]) -> None:
    """Does what is to be done aside before going on."""
    while step():
        pass


def entry(number: int) -> Entry:
    """An entry; every hundredth stands under a key of its own."""
    key = "rare" if number % 100 == 0 else "k"
    text = f"question {number}"
    return Entry(
        id=f"e{number}",
        key=key,
        text=text,
        normal=text,
        revision="r",
        tags=("t",),
        until_s=1e6,
        vector=VECTORS[number].astype(np.float16),
    )


def seen(directory: Directory, numbers: Sequence[int]) -> list[object]:
    """What is found for some questions, by text and by vector."""
    keys = [entry(number).key for number in numbers]
    same = [directory.same(key, f"question {number}", now_s=1) for key, number in zip(keys, numbers, strict=True)]
    near = [directory.nearest(key, VECTORS[number])[:1] for key, number in zip(keys, numbers, strict=True)]
    return [same, [[(id, round(similarity, 3)) for id, similarity in found] for found in near]]


def names(directory: Directory) -> list[str]:
    """All entries in order."""
    return [entry.id for entry in directory.entries(1)]


def test_a_restart_knows_what_was_known_before(tmp_path: Path) -> None:
    """After a restart the same entries are found in the same order, none of them read from the state again."""
    kept = Kept(tmp_path)
    kept.append(range(COUNT))
    before = kept.opened()
    before.used("e5")
    expected = (seen(before, range(0, COUNT, 70)), names(before))
    before.drop(("e7",))
    kept.state.log.remove(LOG, ["e7"], now_s=1)
    before.close()

    log = Reading(kept.state)
    saved = Saved(str(kept.path), state=kept.state, log=LOG, tell=lambda *said: kept.told.append(said))
    after = Directory(log, LOG, saved=saved, aside=at_once)
    after.follow(1)

    assert (seen(after, range(0, COUNT, 70)), names(after)) == (expected[0], [id for id in expected[1] if id != "e7"])
    assert expected[1][-1] == "e5"
    assert (log.records, kept.told) == (1, [])  # word of the removal, which came after the last look at the log


def test_what_happened_since_is_caught_up_with(tmp_path: Path) -> None:
    """Entries that came, were replaced or went after the file was written are as the state has them."""
    kept = Kept(tmp_path).saved()
    kept.append(range(COUNT, COUNT + 20))
    kept.state.log.remove(LOG, ["e11", "e12"], now_s=1)
    kept.append([13])

    after = kept.opened()

    assert names(after) == [f"e{number}" for number in range(COUNT + 20) if number not in (11, 12, 13)] + ["e13"]
    assert [after.nearest("k", VECTORS[number])[0][0] for number in (13, COUNT + 5)] == ["e13", f"e{COUNT + 5}"]
    assert {after.nearest("k", VECTORS[number])[0][0] for number in (11, 12)}.isdisjoint({"e11", "e12"})
    assert kept.told == []


def test_what_is_over_meanwhile_is_not_there(tmp_path: Path) -> None:
    """Entries whose time ended while nothing ran are forgotten when the file is read."""
    kept = Kept(tmp_path)
    kept.append(range(COUNT))
    kept.append([3, 4], until_s=50)
    kept.opened().close()

    assert {"e3", "e4"}.isdisjoint(names(kept.opened(now_s=50)))


def cut_off(kept: Kept) -> None:
    """Half of the file."""
    os.truncate(kept.path, kept.path.stat().st_size // 2)


def changed(kept: Kept) -> None:
    """One byte of the index is another."""
    content = bytearray(kept.path.read_bytes())
    content[-2_000] ^= 0xFF
    kept.path.write_bytes(content)


def hostile(kept: Kept) -> None:
    """Something else of the same size."""
    kept.path.write_bytes(b"\x80\x04\x95" * (kept.path.stat().st_size // 3) + b"." * (kept.path.stat().st_size % 3))


def longer(kept: Kept) -> None:
    """Something behind the end."""
    with kept.path.open("ab") as file:
        file.write(b"\0")


def from_long_ago(kept: Kept) -> None:
    """A copy of what was there two writings ago."""
    copy = kept.path.with_suffix(".old")
    shutil.copy(kept.path, copy)
    for number in (COUNT, COUNT + 1):
        kept.append([number])
        kept.opened().close()
    shutil.copy(copy, kept.path)


def by_another_release(kept: Kept) -> None:
    """What the state says of the file has another form."""
    kept.state.put(f"cache-file/{LOG}", b'{"format": 99, "files": []}', now_s=1, until_s=1e6)


def unknown_to_the_state(kept: Kept) -> None:
    """The state has lost word of it, as where the file is of another state."""
    kept.state.delete(f"cache-file/{LOG}")


def missing(kept: Kept) -> None:
    """The state was copied without it."""
    kept.path.unlink()


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (cut_off, "bytes, and is not what was saved last"),
        (changed, "it is not what was saved last"),
        (hostile, "it is not what was saved last"),
        (longer, "bytes, and is not what was saved last"),
        (from_long_ago, "not what was saved last"),
        (by_another_release, "another release wrote it"),
        (unknown_to_the_state, "the state does not know it"),
        (missing, "it is gone"),
    ],
)
def test_a_file_that_is_not_the_right_one_is_told_and_made_anew(
    tmp_path: Path, harm: Callable[[Kept], None], reason: str
) -> None:
    """It is not looked into; its place and what is wrong are told; all entries are there; the next start is quiet."""
    kept = Kept(tmp_path).saved()
    expected = seen(kept.opened(), range(1, COUNT, 70))
    harm(kept)

    after = kept.opened()

    assert seen(after, range(1, COUNT, 70)) == expected
    assert len(names(after)) >= COUNT
    assert [path for path, _ in kept.told] == [str(kept.path)]
    assert reason in kept.told[0][1]
    assert "read from the state instead" in kept.told[0][1]
    after.close()
    assert seen(kept.opened(), range(1, COUNT, 70)) == expected
    assert len(kept.told) == 1


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Where the file's place is taken the lookups go on, it is told, and nothing is left beside it."""
    kept = Kept(tmp_path)
    kept.append(range(COUNT))
    kept.path.mkdir()

    directory = kept.opened()

    assert directory.nearest("k", VECTORS[1])[0][0] == "e1"
    assert [path for path, _ in kept.told] == [str(kept.path)] * 2  # it could not be read, and not be written
    assert "it cannot be written" in kept.told[1][1]
    assert list(tmp_path.glob("*.part")) == []


def test_of_several_processes_one_writes(tmp_path: Path) -> None:
    """A process leaves the file alone where another one has written it since."""
    kept = Kept(tmp_path).saved()
    first, second = kept.opened(), kept.opened()
    kept.append([COUNT])
    later = kept.opened()
    later.close()
    written = kept.path.stat().st_mtime_ns, kept.path.read_bytes()
    for directory in (first, second):
        directory.put(entry(COUNT + 1), 10**9)
        directory.close()

    assert (kept.path.stat().st_mtime_ns, kept.path.read_bytes()) == written


def test_few_entries_make_no_file(tmp_path: Path) -> None:
    """What is soon read from the state is not saved beside it."""
    kept = Kept(tmp_path)
    kept.append(range(50))
    kept.opened().close()

    assert not kept.path.exists()


@pytest.mark.skipif(os.name != "posix", reason="access rights are a matter of POSIX")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Nobody else may read the questions."""
    assert Kept(tmp_path).saved().path.stat().st_mode & 0o077 == 0


def test_entries_go_on_being_saved_while_they_grow(tmp_path: Path) -> None:
    """When one in eight entries is new, the file is written anew without anybody closing anything."""
    kept = Kept(tmp_path).saved()
    before = kept.path.stat().st_mtime_ns
    directory = kept.opened()
    for number in range(COUNT, COUNT + COUNT // 8 + 40):
        directory.put(entry_beyond(number), 10**9 + number)

    assert kept.path.stat().st_mtime_ns > before


def entry_beyond(number: int) -> Entry:
    """An entry of whatever vector."""
    return Entry(
        id=f"e{number}",
        key="k",
        text=f"question {number}",
        normal=f"question {number}",
        revision="r",
        tags=(),
        until_s=1e6,
        vector=VECTORS[number % COUNT].astype(np.float16),
    )


def test_who_only_keeps_saves_nothing_that_is_not_read(tmp_path: Path) -> None:
    """A process that never looked saves no file; once it has looked, what it saves is good."""
    kept = Kept(tmp_path)
    saved = Saved(str(kept.path), state=kept.state, log=LOG, tell=lambda *said: kept.told.append(said))
    directory = Directory(kept.state.log, LOG, saved=saved, ttl_s=1e6, aside=at_once)
    for number in range(COUNT):
        position = kept.state.log.append(LOG, f"e{number}", encoded(entry(number)), now_s=0, until_s=1e6)
        directory.put(entry(number), position)
    directory.close()
    assert not kept.path.exists()

    directory.follow(1)
    directory.close()

    assert seen(kept.opened(), range(0, COUNT, 70)) == seen(directory, range(0, COUNT, 70))
    assert kept.told == []


def test_what_comes_while_the_file_is_written_is_tended_too(tmp_path: Path) -> None:
    """An entry that is added during the writing is in the index when all is done, without anybody asking again."""
    kept = Kept(tmp_path)
    kept.append(range(COUNT))

    class Busy(Saved):
        """Writing that something else comes between."""

        def write(self, *given: Any, **named: Any) -> bool:
            """Whether it was written."""
            directory.put(entry(COUNT + 1), 10**9)
            return super().write(*given, **named)

    saved = Busy(str(kept.path), state=kept.state, log=LOG, tell=lambda *said: kept.told.append(said))
    directory = Directory(kept.state.log, LOG, saved=saved, ttl_s=1e6, aside=at_once)
    directory.follow(1)

    assert directory.is_settled
    assert directory.nearest("k", VECTORS[COUNT + 1])[0][0] == f"e{COUNT + 1}"
