"""What is live, what became of a reload, and how a store says so: values only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from policy_engine.diagnostics import Diagnostic

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.pipeline import BuildResult


class Source(StrEnum):
    """Where live policies came from."""

    FOLDER = "folder"
    LAST_GOOD = "last_good"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """
    One published state of the policies. What begins with a snapshot ends with it, whatever is published meanwhile.

    Attributes:
        policy_set: what decides; carries revision and generation.
        result: the build it came from, with its report and its bundle.
        generation: how many snapshots this process has published, this one included.
        loaded_at: when it was published.
        digest: hash of the folder it was built from.
        source: where it came from.
    """

    policy_set: PolicySet
    result: BuildResult = field(repr=False)
    generation: int
    loaded_at: datetime
    digest: str
    source: Source = Source.FOLDER

    @property
    def revision(self) -> str:
        """The bundle's revision, `sha256:…`."""
        return self.policy_set.revision

    @property
    def files(self) -> tuple[str, ...]:
        """The files it was made from, relative to the folder, sorted."""
        bundle = self.result.bundle
        return tuple(sorted({file.path for file in bundle.files} | set(bundle.assets)))


class Hindrance(StrEnum):
    """Why what the folder holds is not live."""

    INVALID = "invalid"
    MISSING = "missing"
    CRASHED = "crashed"
    UNSETTLED = "unsettled"
    HELD = "held"
    TESTS_FAILED = "tests_failed"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What stands in the way of policies, and what to raise where an exception is wanted."""

    hindrance: Hindrance
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """
    What the folder holds and is not live, and why.

    Attributes:
        hindrance: what kind of trouble it is.
        reason: for a person; errors in policies have one line each, with their place.
        error: what to raise where an exception is wanted.
        since: when it was first seen.
        diagnostics: the findings, if the policies are invalid or their tests fail.
    """

    hindrance: Hindrance
    reason: str
    error: Exception = field(repr=False)
    since: datetime
    diagnostics: tuple[Diagnostic, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON data, without the exception."""
        return {"kind": self.hindrance.value, "reason": self.reason, "since": self.since.isoformat()}


class Result(StrEnum):
    """What a reload came to."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadOutcome:
    """What a reload or rollback came to: the snapshot that is live now, and what hinders a newer one if refused."""

    result: Result
    snapshot: Snapshot
    pending: Pending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """
    What one process serves, and how that stands to its folder.

    Attributes:
        folder: the policy folder, as it was given.
        pid: the process.
        revision, generation, loaded_at, source, files: the live snapshot's.
        age_s: seconds since it was published.
        pending: what the folder holds and is not live, and why; None if what it holds is live.
    """

    folder: str
    pid: int = field(default_factory=os.getpid)
    revision: str
    generation: int
    loaded_at: datetime
    age_s: float
    source: Source
    files: tuple[str, ...]
    pending: Pending | None = None

    @property
    def held(self) -> str | None:
        """Why a change that could go live is held back for a person to look at, if one is."""
        if self.pending is None or self.pending.hindrance not in _HELD_BACK:
            return None
        return self.pending.reason

    def to_json(self) -> Mapping[str, Any]:
        """The same as JSON data."""
        return {
            "folder": self.folder,
            "pid": self.pid,
            "revision": self.revision,
            "generation": self.generation,
            "loaded_at": self.loaded_at.isoformat(),
            "age_s": round(self.age_s, 3),
            "source": self.source.value,
            "files": list(self.files),
            "pending": None if self.pending is None else self.pending.to_json(),
        }


_HELD_BACK = (Hindrance.HELD, Hindrance.TESTS_FAILED, Hindrance.ROLLED_BACK)
