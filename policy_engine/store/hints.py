"""Hints that something may have changed in some folders, from the file system's own events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from policy_engine.store.scan import Place

STEP_MS: Final = 20
"""How often a waiting thread looks whether to stop; events that come closer together count as one."""

DEBOUNCE_MS: Final = 60
"""The longest that events that keep coming hold back the first of them."""


class Notify(Protocol):
    """The part of watchfiles' `RustNotify` that is used."""

    def watch(self, debounce_ms: int, step_ms: int, timeout_ms: int, stop_event: threading.Event | None) -> object:
        """Changes, or `timeout` or `stop`."""

    def close(self) -> None:
        """Ends watching."""


OpenNotify = Callable[[list[str]], Notify]


def open_notify(paths: list[str]) -> Notify:
    """A watch on folders, not on what is below them; raises OSError or RuntimeError if the system gives none."""
    from watchfiles._rust_notify import RustNotify

    return RustNotify(paths, False, False, 0, False, True)


class Hints:
    """
    Watches folders, and waits. An event says only that it is time to look.

    Without events, because the system has none to give, waiting just takes its time. For one thread.
    """

    def __init__(self, stop: threading.Event, open_notify: OpenNotify = open_notify) -> None:
        self._stop = stop
        self._open = open_notify
        self._notify: Notify | None = None
        self._places: frozenset[Place] | None = None

    @property
    def are_coming(self) -> bool:
        """Whether the system gives events now."""
        return self._notify is not None

    def aim(self, places: frozenset[Place]) -> bool:
        """
        Watches these folders; True if they are not those watched before, so that a look is due.

        A folder that was replaced by another of the same name is not the one watched before.

        Raises:
            OSError, RuntimeError: the system gives no events; the next call with the same places does not try again.
        """
        if places == self._places:
            return False
        self.drop()
        self._places = places
        self._notify = self._open(sorted(_paths(places)))
        return True

    def drop(self) -> None:
        """Ends watching; the next `aim` begins anew."""
        notify, self._notify, self._places = self._notify, None, None
        if notify is not None:
            notify.close()

    def wait(self, timeout_s: float) -> bool:
        """
        Waits for an event, for the time to be over, or for the stop; whether there was an event.

        Raises:
            RuntimeError: watching broke down.
        """
        if self._notify is None:
            self._stop.wait(timeout_s)
            return False
        try:
            seen = self._notify.watch(DEBOUNCE_MS, STEP_MS, max(1, int(timeout_s * 1000)), self._stop)
        except BaseException as error:  # a panic inside the library is no Exception, and must not end the thread
            raise RuntimeError(f"the file system watch broke down: {error}") from error
        return not isinstance(seen, str)


def _paths(places: Iterable[Place]) -> set[str]:
    return {place.path for place in places}
