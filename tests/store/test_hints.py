"""Tests of hints from the file system's events."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from policy_engine.store.hints import Hints
from policy_engine.store.scan import Place


def places(*folders: Path) -> frozenset[Place]:
    """These folders as they are now."""
    return frozenset(Place(str(folder), folder.stat().st_dev, folder.stat().st_ino) for folder in folders)


def test_a_change_in_a_watched_folder_is_a_hint(tmp_path: Path) -> None:
    """Writing a file ends the wait."""
    hints = Hints(threading.Event())
    hints.aim(places(tmp_path))

    (tmp_path / "chat.yaml").write_text("x")

    assert hints.wait(10) is True
    hints.drop()


def test_reading_is_no_hint(tmp_path: Path) -> None:
    """Looking at the files does not make for another look."""
    file = tmp_path / "chat.yaml"
    file.write_text("x")
    hints = Hints(threading.Event())
    hints.aim(places(tmp_path))

    file.read_text()
    list(tmp_path.iterdir())

    assert hints.wait(0.05) is False
    hints.drop()


def test_only_another_aim_begins_anew(tmp_path: Path) -> None:
    """The same folders go on being watched; a folder that was replaced is watched anew."""
    folder = tmp_path / "policies"
    folder.mkdir()
    hints = Hints(threading.Event())

    first, again = hints.aim(places(folder)), hints.aim(places(folder))
    folder.rename(tmp_path / "old")
    folder.mkdir()
    replaced = hints.aim(places(folder))
    (folder / "chat.yaml").write_text("x")

    assert (first, again, replaced) == (True, False, True)
    assert hints.wait(10) is True
    hints.drop()


def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    """Once stopped, waiting takes no time, with events and without."""
    stop = threading.Event()
    hints, blind = Hints(stop), Hints(stop)
    hints.aim(places(tmp_path))
    stop.set()

    assert hints.wait(60) is False
    assert blind.wait(60) is False
    hints.drop()


def test_a_system_without_events_is_asked_once(tmp_path: Path) -> None:
    """Where no watch can be had, that is told once, and waiting just takes its time."""

    def none_left(paths: list[str]) -> None:
        raise OSError("too many watches")

    hints = Hints(threading.Event(), none_left)  # type: ignore[arg-type]  # it never gives anything

    with pytest.raises(OSError, match="too many watches"):
        hints.aim(places(tmp_path))
    again = hints.aim(places(tmp_path))

    assert again is False
    assert hints.are_coming is False
    assert hints.wait(0.001) is False


def test_a_watch_that_breaks_down_is_an_error(tmp_path: Path) -> None:
    """Whatever the library raises, even what is no Exception, is told as a RuntimeError."""

    class Broken:
        def watch(self, *_: object) -> object:
            raise BaseException("panic")

        def close(self) -> None: ...

    hints = Hints(threading.Event(), lambda paths: Broken())
    hints.aim(places(tmp_path))

    with pytest.raises(RuntimeError, match="the file system watch broke down: panic"):
        hints.wait(1)
