"""
Waiting until a folder holds still, so that half an edit is never taken for a whole one.

Two looks that agree show what the folder held at the moment between them. That is enough to never mix two states of
the file system, but somebody may be in the middle of writing several files: so the folder must have been quiet for a
while as well, with no file open for writing and no git at work in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from policy_engine.store.busy import git_locks, is_held, is_open_for_writing
from policy_engine.store.scan import FolderScan, Scanner


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """
    How long to wait for a folder to hold still, in seconds.

    Attributes:
        gap_s: between two looks.
        quiet_s: how long nothing may have happened, where one file changed.
        quiet_many_s: the same where several files changed.
        quiet_after_git_s: the same where a git that changed them has given up its lock, so that no more will come.
        restless_s: a single file that never stops changing is taken after this time, as it is between two looks.
        restless_many_s: the same for several files.
        blink_s: between the two looks at a restless folder.
        busy_s: the longest wait for a writer to close its file, for git, or for two looks that agree.
    """

    gap_s: float = 0.02
    quiet_s: float = 0.1
    quiet_many_s: float = 0.2
    quiet_after_git_s: float = 0.02
    restless_s: float = 0.4
    restless_many_s: float = 3.0
    blink_s: float = 0.001
    busy_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """
    A folder that holds still, or, once waiting was given up, who is still at work in it.

    `is_restless` tells that it did so only for the blink between two looks.
    """

    scan: FolderScan
    busy: str | None = None
    is_restless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """
    How time passes while settling.

    Attributes:
        pause: waits that many seconds; True means to give up.
        now_s: a clock that never goes back.
        now_ns: the file system's clock (ns since 1970).
    """

    pause: Callable[[float], bool]
    now_s: Callable[[], float] = time.monotonic
    now_ns: Callable[[], int] = time.time_ns


def settle(scanner: Scanner, before: FolderScan | None, *, patience: Patience, pacing: Pacing) -> Settled | None:
    """
    The folder once it holds still, or None if the pause said to give up. Blocks, as long as `patience` says.

    `before` is the last look that led to something; it tells which files are changing.
    """
    wait = _Wait(scanner, before, patience=patience, pacing=pacing)
    while True:
        if pacing.pause(max(patience.gap_s, 2 * wait.look_s)):
            return None
        steady = wait.look()
        if not steady and wait.is_restless():
            if pacing.pause(patience.blink_s):
                return None
            steady = wait.look()
        if steady and wait.is_quiet():
            if not wait.has_writers():
                return Settled(scan=wait.scan, is_restless=wait.is_restless())
            wait.begin_anew()
        if wait.is_over():
            return Settled(scan=wait.scan, busy=wait.who_is_busy(steady=steady))


class _Wait:
    """How long a folder has been quiet, and how long it must be."""

    def __init__(self, scanner: Scanner, before: FolderScan | None, *, patience: Patience, pacing: Pacing) -> None:
        self.scan = scan = scanner.scan()
        self.look_s = 0.0
        self._changing = set() if before is None else scan.changes_since(before)
        self._locks = git_locks(scanner.folder)
        self._held = self._held_lock()
        self._is_after_git = False
        self._scanner = scanner
        self._patience = patience
        self._now_s = pacing.now_s
        self._began = pacing.now_s()
        self._quiet_since = self._began
        if scan.files:
            self._quiet_since -= max(0, pacing.now_ns() - scan.changed_ns) / 1e9

    def look(self) -> bool:
        """Looks once more; whether nothing has happened since the last look, and no git is at it."""
        began, earlier, held = self._now_s(), self.scan, self._held
        self.scan = self._scanner.scan()
        self._held = self._held_lock()
        self.look_s = self._now_s() - began
        agrees = self.scan.agrees_with(earlier)
        if agrees and not held and not self._held:
            return True
        if not agrees:
            self._changing |= self.scan.changes_since(earlier)
        self._is_after_git = bool(held or self._held)
        self.begin_anew()
        return False

    def begin_anew(self) -> None:
        """Counts quiet from now on."""
        self._quiet_since = self._now_s()

    def is_restless(self) -> bool:
        """Whether quiet is not to be hoped for."""
        limit_s = self._patience.restless_many_s if len(self._changing) > 1 else self._patience.restless_s
        return self._now_s() - self._began > limit_s

    def is_quiet(self) -> bool:
        """Whether the folder has been quiet for long enough, or quiet is not to be hoped for."""
        needed_s = self._patience.quiet_many_s if len(self._changing) > 1 else self._patience.quiet_s
        if self._is_after_git:
            needed_s = self._patience.quiet_after_git_s
        return self._now_s() - self._quiet_since >= needed_s or self.is_restless()

    def is_over(self) -> bool:
        """Whether to wait no longer, whoever is at work."""
        return self._now_s() - self._began > self._patience.busy_s

    def has_writers(self) -> bool:
        """Whether somebody still has one of the changed files open for writing."""
        return any(is_open_for_writing(os.path.join(self._scanner.folder, path)) for path in sorted(self._changing))

    def who_is_busy(self, *, steady: bool) -> str | None:
        """Whom nobody waits for any longer; a writer who never closes a file that holds still is no reason to wait."""
        if self._held is not None:
            return f"git is at work, it holds `{self._held}`"
        return None if steady else "the files never stop changing"

    def _held_lock(self) -> str | None:
        return next((lock for lock in self._locks if is_held(lock)), None)
