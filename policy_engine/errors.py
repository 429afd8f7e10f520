"""
Every exception that policy_engine raises on purpose, as one tree.

An author's mistake in a policy file is never an exception: it is a `policy_engine.diagnostics.Diagnostic`.
A caller's mistake is a plain `TypeError` or `ValueError`. What is left is here:

    PolicyEngineError
    ├── BundleError                 a folder did not become a policy set
    │   ├── BundleNotFound          there is no such folder
    │   ├── BundleInvalid           it has errors; carries the report
    │   ├── PolicyTestsFailed       its own tests fail; carries the report
    │   └── ReloadRefused           a reload was held back by a guard; carries the reason
    ├── SignalError                 a signal could not be learned
    │   └── SignalTimeout           it did not answer within its timeout
    ├── EmbedderError               texts could not be turned into vectors
    ├── StateError                  counters, leases or the ledger cannot be read or written
    └── MissingExtra                an optional dependency is not installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.diagnostics import Report


class PolicyEngineError(Exception):
    """Root of everything this package raises on purpose."""


class BundleError(PolicyEngineError):
    """A policy folder could not be turned into a policy set."""


class BundleNotFound(BundleError):
    """
    The policy folder does not exist or is not a folder.

    Attributes:
        folder: the path as it was given.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        super().__init__(f"no policy folder at `{folder}`; create one with `policy-engine init {folder}`")


class BundleInvalid(BundleError):
    """
    The bundle has errors, so there is nothing to decide with.

    Attributes:
        report: every diagnostic, sorted by place.
    """

    def __init__(self, folder: str, report: Report) -> None:
        self.folder = folder
        self.report = report
        first = next(iter(report.errors), None)
        reason = f"; the first: {first.headline()}" if first is not None else ""
        super().__init__(f"the policies in `{folder}` have {len(report.errors)} error(s){reason}")


class PolicyTestsFailed(BundleError):
    """
    The bundle builds, but its own tests fail, so it does not go live.

    Attributes:
        report: mistakes in the tests, and a diagnostic for each test that fails, sorted by place.
    """

    def __init__(self, folder: str, report: Report) -> None:
        self.folder = folder
        self.report = report
        first = next(iter(report.errors), None)
        reason = f"; the first: {first.headline()}" if first is not None else ""
        super().__init__(f"the tests of the policies in `{folder}` fail{reason}")


class ReloadRefused(BundleError):
    """
    A reload that would build was held back, because it looks like an accident.

    Attributes:
        reason: what was noticed, for a person.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"reload held back: {reason}; force it if this is what you want")


class SignalError(PolicyEngineError):
    """
    A signal could not be learned; the decision treats it as unknown.

    Attributes:
        signal: dotted name, such as `signal.risk`.
        reason: what went wrong, for a person.
    """

    def __init__(self, signal: str, reason: str) -> None:
        self.signal = signal
        self.reason = reason
        super().__init__(f"signal `{signal}` failed: {reason}")


class SignalTimeout(SignalError):
    """
    A signal did not answer within its declared timeout.

    Attributes:
        timeout_s: the declared timeout, seconds.
    """

    def __init__(self, signal: str, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(signal, f"no answer within {timeout_s:g} s")


class EmbedderError(PolicyEngineError):
    """
    Texts could not be turned into vectors.

    Attributes:
        embedder: its name, as policies write it.
        reason: what went wrong, for a person; never holds a text.
    """

    def __init__(self, embedder: str, reason: str) -> None:
        self.embedder = embedder
        self.reason = reason
        super().__init__(f"embedder `{embedder}` cannot be used: {reason}")


class StateError(PolicyEngineError):
    """
    What is kept between requests (counters, leases, the ledger) cannot be read or written.

    Attributes:
        place: where it is kept, such as the path of a file.
        reason: what went wrong, for a person.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"`{place}` cannot be used: {reason}")


class MissingExtra(PolicyEngineError):
    """
    A feature needs a package that is not installed.

    Attributes:
        feature: what was asked for.
        extra: the name to install, as in `pip install 'policy_engine[extra]'`.
    """

    def __init__(self, feature: str, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(f"{feature} needs an optional package; install it with `pip install 'policy_engine[{extra}]'`")
