"""Tests of noticing who is at work in a folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from policy_engine.store.busy import git_locks, is_held, is_open_for_writing

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")


@linux_only
def test_a_file_that_is_being_written_is_noticed(tmp_path: Path) -> None:
    """A file counts as open for writing until its writer closes it."""
    file = tmp_path / "chat.yaml"
    with file.open("w") as writer:
        writer.write("version")
        writer.flush()
        during = is_open_for_writing(str(file))
    after = is_open_for_writing(str(file))

    assert (during, after) == (True, False)


def test_readers_do_not_count(tmp_path: Path) -> None:
    """A file that is only read is not open for writing."""
    file = tmp_path / "chat.yaml"
    file.write_text("version: 1")

    with file.open():
        assert not is_open_for_writing(str(file))


def test_what_is_not_there_is_not_written(tmp_path: Path) -> None:
    """A missing file is not open."""
    assert not is_open_for_writing(str(tmp_path / "none.yaml"))


def test_a_lock_of_git_is_found_from_any_depth(tmp_path: Path) -> None:
    """The lock of the repository around the folder counts, also through a link to the folder."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "conf" / "policies").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "repo" / "conf" / "policies")

    locks = git_locks(str(tmp_path / "link"))

    assert str(tmp_path / "repo" / ".git" / "index.lock") in locks


def test_a_lock_of_a_linked_work_tree_is_found(tmp_path: Path) -> None:
    """A work tree whose git folder is elsewhere has its lock there."""
    (tmp_path / "repo" / ".git" / "worktrees" / "w").mkdir(parents=True)
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / ".git").write_text("gitdir: ../repo/.git/worktrees/w\n")

    locks = git_locks(str(tmp_path / "w"))

    assert (tmp_path / "repo" / ".git" / "worktrees" / "w" / "index.lock") in {Path(lock).resolve() for lock in locks}


def test_a_lock_is_held_while_it_is_there_and_young(tmp_path: Path) -> None:
    """A lock older than a minute is that of a git that died."""
    lock = tmp_path / "index.lock"
    before = is_held(str(lock))
    lock.touch()
    young = is_held(str(lock))
    long_ago = time.time() - 120
    os.utime(lock, (long_ago, long_ago))

    assert (before, young, is_held(str(lock))) == (False, True, False)
