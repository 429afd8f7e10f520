"""The thread that keeps a store in step with its folder."""

from __future__ import annotations

import threading
import time

from policy_engine.model.events import Emit, WatcherBlind, WatcherRestarted, harmless
from policy_engine.store.fork import renew_after_fork
from policy_engine.store.hints import Hints, OpenNotify, open_notify
from policy_engine.store.snapshot import ReloadOutcome, Result
from policy_engine.store.store import Store

_STOP_S = 1.0
_MAX_LOAD = 0.02
_MAX_LOAD_OF_EVENTS = 0.1
_UNHINTED = 2


class Watcher:
    """
    Has a store look at its folder whenever something may have changed.

    Events of the file system make it look at once. It looks at every tick as well, so it needs none: at names, sizes
    and times, and once in a while at every content.

    Args:
        store: looks, judges and publishes.
        tick_s: the longest time between two looks at names and times; longer for folders that take long to look at.
        every_content_s: the time between two looks at every content.
        on_event: told when watching has to begin anew, or goes on without events.
        open_notify: gives the file system's events.
    """

    def __init__(
        self,
        store: Store,
        *,
        tick_s: float = 0.25,
        every_content_s: float = 10.0,
        on_event: Emit | None = None,
        open_notify: OpenNotify = open_notify,
    ) -> None:
        self._store = store
        self._tick_s = tick_s
        self._every_content_s = every_content_s
        self._emit = harmless(on_event)
        self._open_notify = open_notify
        self._is_wanted = False
        self._left_behind: list[object] = []
        self._new_thread()
        renew_after_fork(self)

    @property
    def is_running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins to watch; once is enough."""
        if not self._is_wanted:
            self._is_wanted = True
            self._thread.start()

    def stop(self) -> None:
        """Ends watching. Blocks until the thread has ended, at most a second unless a build is under way."""
        self._is_wanted = False
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def renew(self) -> None:
        """For a forked child, in which the thread is gone: another one, if there was one."""
        # Closing what the parent's thread still waits in could hang, so it is kept and forgotten.
        self._left_behind.append(self._hints)
        self._new_thread()
        if self._is_wanted:
            self._thread.start()

    def _new_thread(self) -> None:
        self._stop = threading.Event()
        self._hints = Hints(self._stop, self._open_notify)
        self._every_content_due = time.monotonic() + self._every_content_s
        self._unhinted = 0
        self._thread = threading.Thread(target=self._run, name="policy_engine-watcher", daemon=True)

    def _run(self) -> None:
        hinted = False
        while not self._stop.is_set():
            try:
                hinted = self._round(hinted)
            except Exception as error:  # noqa: BLE001  whatever happens, watching goes on
                self._begin_anew(str(error))
                self._stop.wait(self._tick_s)
        self._hints.drop()

    def _round(self, hinted: bool) -> bool:
        """One look, and one wait; takes and gives whether an event ended the wait."""
        began_s = time.thread_time()
        outcome = self._look(time.monotonic())
        look_s = time.thread_time() - began_s
        if self._aim():
            return True
        if outcome is None:
            if hinted:  # an event that meant nothing; there may be many
                self._stop.wait(min(look_s / _MAX_LOAD_OF_EVENTS, self._tick_s))
            return self._hints.wait(max(self._tick_s, look_s / _MAX_LOAD))
        self._note_missing_events(outcome, hinted)
        return self._hints.wait(self._tick_s)

    def _look(self, now_s: float) -> ReloadOutcome | None:
        if now_s < self._every_content_due:
            return self._store.check(self._stop.wait)
        self._every_content_due = now_s + self._every_content_s
        return self._store.check(self._stop.wait, every_content=True)

    def _aim(self) -> bool:
        """Watches the folders that matter now; whether they are others than before, so that a look is due."""
        try:
            return self._hints.aim(self._store.places)
        except FileNotFoundError:  # one went away meanwhile
            self._hints.drop()
        except (OSError, RuntimeError) as error:
            self._emit(WatcherBlind(reason=str(error)))
        return False

    def _note_missing_events(self, outcome: ReloadOutcome, hinted: bool) -> None:
        """Where changes are seen again and again without any event, the events have died in silence."""
        if hinted or not self._hints.are_coming:
            self._unhinted = 0
        elif outcome.result is Result.PUBLISHED:
            self._unhinted += 1
        if self._unhinted >= _UNHINTED:
            self._begin_anew("changes came without events")

    def _begin_anew(self, reason: str) -> None:
        self._unhinted = 0
        self._hints.drop()
        self._emit(WatcherRestarted(reason=reason))
