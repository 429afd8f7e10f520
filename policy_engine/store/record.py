"""All that a store knows at one time, and how it changes: values from values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from policy_engine.diagnostics import Diagnostic
from policy_engine.errors import BundleInvalid, PolicyTestsFailed, ReloadRefused
from policy_engine.store.scan import FolderScan
from policy_engine.store.snapshot import Hindrance, Pending, Snapshot, Source, Trouble

if TYPE_CHECKING:
    from policy_engine.pipeline import BuildResult

_MAX_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    What a store knows.

    Attributes:
        live: the snapshot that serves.
        history: the last snapshots, oldest first, the live one included.
        pending: what the folder holds and is not live, and why.
        judged: the last look at the folder that led to something.
        in_step: digest of the folder as it was when it held what is live.
    """

    live: Snapshot
    history: tuple[Snapshot, ...]
    pending: Pending | None = None
    judged: FolderScan
    in_step: str = field(repr=False)

    def publishing(self, snapshot: Snapshot, *, judged: FolderScan, keep: int) -> Record:
        """The record with another snapshot live, and nothing pending; the history keeps the last `keep`."""
        history = (*self.history, snapshot)[-keep:]
        return Record(live=snapshot, history=history, judged=judged, in_step=snapshot.digest)

    def in_step_with(self, judged: FolderScan) -> Record:
        """The record if a look shows what is live already."""
        return replace(self, pending=None, judged=judged, in_step=judged.digest)

    def refusing(self, pending: Pending, *, judged: FolderScan) -> Record:
        """The record if what was seen cannot go live; trouble that goes on keeps its beginning."""
        if self.pending is not None and self.pending.reason == pending.reason:
            pending = replace(pending, since=self.pending.since)
        return replace(self, pending=pending, judged=judged)

    def rolled_back(self, snapshot: Snapshot, *, keep: int, now: datetime) -> Record:
        """The record with an earlier snapshot live, which stays until the folder changes or somebody reloads."""
        reason = f"rolled back from {self.live.revision}; the folder waits for its next change, or for a reload"
        record = self.publishing(snapshot, judged=self.judged, keep=keep)
        trouble = Trouble(hindrance=Hindrance.ROLLED_BACK, error=ReloadRefused(reason))
        return replace(record, pending=pending_of(trouble, now=now))

    def earlier(self, revision: str | None) -> Snapshot:
        """
        The newest snapshot in the history with that revision, or a prefix of it; None: any but the live one's.

        Raises:
            ValueError: there is none; says which there are.
        """
        others = [snapshot for snapshot in reversed(self.history) if snapshot.revision != self.live.revision]
        beginning = "sha256:" + (revision or "").removeprefix("sha256:")
        for snapshot in others:
            if snapshot.revision.startswith(beginning):
                return snapshot
        there_are = ", ".join(dict.fromkeys(snapshot.revision for snapshot in others)) or "none"
        wanted = "earlier revision" if revision is None else f"revision `{revision}`"
        raise ValueError(f"there is no {wanted} to go back to; there are: {there_are}")


def snapshot_of(
    result: BuildResult, *, generation: int, digest: str, now: datetime, source: Source = Source.FOLDER
) -> Snapshot:
    """
    The snapshot with this number, from a build that succeeded.

    Raises:
        ValueError: the result has no policy set.
    """
    if result.policy_set is None:
        raise ValueError("a bundle with errors cannot go live")
    return Snapshot(
        policy_set=result.policy_set.with_generation(generation),
        result=result,
        generation=generation,
        loaded_at=now,
        digest=digest,
        source=source,
    )


def pending_of(trouble: Trouble, *, now: datetime) -> Pending:
    """What is pending because of some trouble; errors in policies have one line each, with their place."""
    error = trouble.error
    diagnostics = error.report.errors if isinstance(error, BundleInvalid | PolicyTestsFailed) else ()
    return Pending(
        hindrance=trouble.hindrance,
        reason=_lines(diagnostics) or _words(error),
        error=error,
        since=now,
        diagnostics=diagnostics,
    )


def _lines(diagnostics: Iterable[Diagnostic]) -> str:
    lines = [diagnostic.headline() for diagnostic in diagnostics]
    more = [f"and {len(lines) - _MAX_LINES} more"] if len(lines) > _MAX_LINES else []
    return "\n".join(lines[:_MAX_LINES] + more)


def _words(error: Exception) -> str:
    if isinstance(error, ReloadRefused):
        return error.reason
    return str(error) if type(error).__module__.startswith("policy_engine.") else f"{type(error).__name__}: {error}"
