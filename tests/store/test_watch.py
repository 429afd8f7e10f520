"""Tests of the thread that keeps a store in step with its folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from policy_engine.model.events import Event, WatcherBlind, WatcherRestarted
from policy_engine.store.hints import Notify
from policy_engine.store.store import Store
from policy_engine.store.watch import Watcher
from tests.store.bundles import open_store, write_bundle

LONG_S = 20


@contextmanager
def watching(store: Store, **options: Any) -> Iterator[Watcher]:
    """A watcher at work."""
    watcher = Watcher(store, **options)
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()
        assert not watcher.is_running


def reaches(store: Store, generation: int) -> bool:
    """Whether a store gets to a generation in time."""
    return store.wait_for(lambda store: store.current.generation >= generation, LONG_S)


class Silent:
    """Events that never come, for a while."""

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: threading.Event | None) -> object:
        """Waits in vain."""
        assert stop_event is not None
        return "stop" if stop_event.wait(timeout_ms / 1000) else "timeout"

    def close(self) -> None:
        """Does nothing."""


def test_a_change_goes_live_by_events_alone(tmp_path: Path) -> None:
    """With ticks that never come, an event makes the watcher look."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    with watching(store, tick_s=LONG_S * 2):
        write_bundle(tmp_path, "two")

        assert reaches(store, 2)


def test_a_change_goes_live_without_events(tmp_path: Path) -> None:
    """Where the system gives no events, the ticks find the change, and that is told once."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    events: list[Event] = []

    def none_left(paths: list[str]) -> Notify:
        raise OSError("too many watches")

    with watching(store, tick_s=0.01, on_event=events.append, open_notify=none_left):
        write_bundle(tmp_path, "two")
        assert reaches(store, 2)

    assert events == [WatcherBlind(reason="too many watches")]


def test_changes_that_show_in_nothing_else_are_found(tmp_path: Path) -> None:
    """Once in a while every content is read."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    looks: list[bool] = []
    check = store.check

    class Listening(Store):
        def __init__(self) -> None: ...

        places = store.places

        def check(self, pause: Any, *, every_content: bool = False) -> Any:
            looks.append(every_content)
            return check(pause, every_content=every_content)

    done = threading.Event()

    class Ending(Silent):
        def watch(self, *arguments: Any) -> object:
            if any(looks):
                done.set()
            return super().watch(*arguments)

    with watching(Listening(), tick_s=0.01, every_content_s=0.05, open_notify=lambda paths: Ending()):
        assert done.wait(LONG_S)

    assert {True, False} <= set(looks)


def test_a_watch_that_dies_is_begun_anew(tmp_path: Path) -> None:
    """Whatever ends the watch, the next one takes over, and that is told."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    events: list[Event] = []
    opened: list[list[str]] = []
    third = threading.Event()

    class Dying(Silent):
        def watch(self, *arguments: Any) -> object:
            if len(opened) < 3:
                raise BaseException("panic")
            return super().watch(*arguments)

    def open_dying(paths: list[str]) -> Notify:
        opened.append(paths)
        if len(opened) == 3:
            third.set()
        return Dying()

    with watching(store, tick_s=0.01, on_event=events.append, open_notify=open_dying) as watcher:
        assert third.wait(LONG_S)
        write_bundle(tmp_path, "two")
        assert reaches(store, 2)
        assert watcher.is_running

    assert events == [WatcherRestarted(reason="the file system watch broke down: panic")] * 2


def test_a_watch_that_falls_silent_is_begun_anew(tmp_path: Path) -> None:
    """Where changes come and events do not, the watch is taken for dead."""
    write_bundle(tmp_path, "0")
    store = open_store(tmp_path)
    restarted = threading.Event()
    with watching(store, tick_s=0.01, on_event=lambda event: restarted.set(), open_notify=lambda paths: Silent()):
        for n in range(1, 5):  # the first two may be seen while the watch is begun
            write_bundle(tmp_path, str(n))
            assert reaches(store, n + 1)

        assert restarted.wait(LONG_S)


def test_a_store_that_fails_does_not_end_the_watch(tmp_path: Path) -> None:
    """An exception in the watcher's thread is told, and the next round goes on."""
    write_bundle(tmp_path, "one")
    store = open_store(tmp_path)
    heard = threading.Event()
    reasons: list[Event] = []

    class Failing(Store):
        def __init__(self) -> None: ...

        places = store.places

        def check(self, *_: Any, **__: Any) -> None:
            raise ValueError("a bug")

    def hear(event: Event) -> None:
        reasons.append(event)
        if len(reasons) == 2:
            heard.set()

    with watching(Failing(), tick_s=0.01, on_event=hear, open_notify=lambda paths: Silent()) as watcher:
        assert heard.wait(LONG_S)
        assert watcher.is_running

    assert reasons[:2] == [WatcherRestarted(reason="a bug")] * 2


def test_a_watcher_stops_while_the_folder_settles(tmp_path: Path) -> None:
    """A folder that does not come to rest does not hold up the stop."""
    write_bundle(tmp_path, "one")
    (tmp_path / ".git").mkdir()
    store = open_store(tmp_path)
    (tmp_path / ".git" / "index.lock").touch()
    with watching(store, tick_s=0.01):
        write_bundle(tmp_path, "two")

    assert store.current.generation == 1


def test_stopping_twice_is_fine(tmp_path: Path) -> None:
    """A watcher that was stopped, or never started, can be stopped."""
    write_bundle(tmp_path)
    watcher = Watcher(open_store(tmp_path))

    watcher.stop()
    watcher.stop()

    assert not watcher.is_running
