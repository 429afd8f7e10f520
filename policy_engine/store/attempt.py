"""One attempt to make policies of a folder: settle, build, and make sure that what was built is what was there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from policy_engine.errors import BundleError, BundleInvalid, BundleNotFound
from policy_engine.store.last_good import sources_of
from policy_engine.store.scan import FolderScan, Scanner
from policy_engine.store.settle import Pacing, Patience, settle
from policy_engine.store.snapshot import Hindrance, Trouble

if TYPE_CHECKING:
    from policy_engine.loader.bundle import Bundle
    from policy_engine.pipeline import BuildResult

_MAX_TRIES = 5
_BUSY_AT_START_S = 1.0


class Build(Protocol):
    """Makes a policy set of a folder; `policy_engine.pipeline.build` is the one."""

    def __call__(self, folder: str, *, env: str | None, previous: BuildResult | None) -> BuildResult:
        """The result for what the folder holds; raises BundleNotFound if there is no such folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    What came of an attempt.

    Attributes:
        scan: the folder that was looked at.
        result: the build; None if it could not be begun, or crashed.
        trouble: what stands in the way; None if the result has a policy set.
    """

    scan: FolderScan
    result: BuildResult | None = None
    trouble: Trouble | None = None

    @property
    def built(self) -> BuildResult:
        """The result of an attempt without trouble."""
        if self.result is None:
            raise ValueError("this attempt has no result")
        return self.result


class Builder:
    """Attempts to build one folder, again and again. For one thread at a time."""

    def __init__(self, folder: str, env: str | None, *, build: Build, patience: Patience) -> None:
        self.folder = folder
        self.env = env
        self.scanner = Scanner(folder)
        self._build = build
        self._patience = patience

    def attempt(
        self, *, before: FolderScan | None, previous: BuildResult | None, pause: Callable[[float], bool]
    ) -> Attempt | None:
        """
        The next attempt, once the folder holds still; None if `pause` said to give up.

        Args:
            before: the last look that led to something.
            previous: the build whose work to reuse.
            pause: waits that many seconds; True means to give up.
        """
        is_start = before is None  # when there is nothing else to serve
        patience = replace(self._patience, busy_s=_BUSY_AT_START_S) if is_start else self._patience
        for _ in range(_MAX_TRIES):
            settled = settle(self.scanner, before, patience=patience, pacing=Pacing(pause=pause))
            if settled is None:
                return None
            if settled.busy is not None and not is_start:
                return _unsettled(settled.scan, settled.busy)
            attempt = self._built(settled.scan, previous)
            if self._is_faithful(attempt):
                return attempt
            if settled.is_restless:  # it is known by now that waiting does not help
                patience = replace(patience, restless_s=0, restless_many_s=0)
            before, previous = self.scanner.scan(), attempt.result or previous
        return _unsettled(self.scanner.scan(), "its files changed whenever they were read")

    def build(self, folder: str, *, previous: BuildResult | None = None) -> BuildResult:
        """The build of any folder for this environment, without settling or checking anything."""
        return self._build(folder, env=self.env, previous=previous)

    def _folder_to_show(self) -> str:
        """The folder as it was given, unless the process has changed its working directory since."""
        is_the_same = os.path.abspath(self.folder) == self.scanner.folder
        return self.folder if is_the_same else self.scanner.folder

    def _built(self, scan: FolderScan, previous: BuildResult | None) -> Attempt:
        try:
            result = self.build(self._folder_to_show(), previous=previous)
        except BundleNotFound as error:
            return Attempt(scan=scan, trouble=Trouble(hindrance=Hindrance.MISSING, error=error))
        except Exception as error:  # noqa: BLE001  whatever a bundle does to the build, the live one serves on
            return Attempt(scan=scan, trouble=Trouble(hindrance=Hindrance.CRASHED, error=error))
        if result.policy_set is not None:
            return Attempt(scan=scan, result=result)
        invalid = BundleInvalid(self.folder, result.report)
        return Attempt(scan=scan, result=result, trouble=Trouble(hindrance=Hindrance.INVALID, error=invalid))

    def _is_faithful(self, attempt: Attempt) -> bool:
        """Whether the build saw the folder as it was when it held still, be it that the folder has moved on since."""
        result = attempt.result
        if result is not None and (new := referred_files(result.bundle) - self.scanner.referred):
            self.scanner.referred |= new
            return False
        if self.scanner.scan().agrees_with(attempt.scan):
            return True
        return result is not None and attempt.trouble is None and holds(attempt.scan, result.bundle)


def referred_files(bundle: Bundle) -> frozenset[str]:
    """Paths of the files that a bundle's policies refer to, be they there or not."""
    from policy_engine.loader.assets import references

    paths = (reference.path for file in bundle.files for reference in references(file))
    return frozenset(path for path in paths if path.isprintable() and not {"", ".."} & set(path.split("/")))


def holds(scan: FolderScan, bundle: Bundle) -> bool:
    """Whether a bundle was made from exactly what a look at its folder saw."""
    from policy_engine.loader.scan import OVERLAYS, is_policy_name, is_test_name

    read = {path: sha256(content).hexdigest() for path, content in sources_of(bundle).items()}
    read |= {test.path: test.sha256 for test in bundle.tests}
    if any(scan.files.get(path) != content for path, content in read.items()):
        return False
    others = f"{OVERLAYS}/{bundle.env}/"
    names = ((path, path.rpartition("/")[2]) for path in scan.files)
    policies = (path for path, name in names if is_policy_name(name) or is_test_name(name))
    ours = (path for path in policies if not path.startswith(f"{OVERLAYS}/") or path.startswith(others))
    return all(path in read for path in ours)


def _unsettled(scan: FolderScan, reason: str) -> Attempt:
    error = BundleError(f"the policy folder is not at rest: {reason}")
    return Attempt(scan=scan, trouble=Trouble(hindrance=Hindrance.UNSETTLED, error=error))
