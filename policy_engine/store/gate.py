"""The bundle's own tests as a gate: policies that fail them do not go live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.errors import BundleError, PolicyTestsFailed
from policy_engine.store.snapshot import Hindrance, Trouble

if TYPE_CHECKING:
    from policy_engine.diagnostics import Report
    from policy_engine.pipeline import BuildResult


def failing_tests(result: BuildResult, folder: str) -> Trouble | None:
    """
    What the tests of a build say against it; None if they pass, or there are none.

    Args:
        result: a build that has a policy set.
        folder: the policy folder, as people are shown it.
    """
    policy = result.validation.policy
    if policy is None or not (result.bundle.tests or any(rule.examples for rule in policy.rules)):
        return None
    try:
        report = _report(result)
    except Exception as error:  # noqa: BLE001  whatever a test does to its run, the live policies serve on
        reason = BundleError(f"the tests could not be run: {type(error).__name__}: {error}")
        return Trouble(hindrance=Hindrance.TESTS_FAILED, error=reason)
    return Trouble(hindrance=Hindrance.TESTS_FAILED, error=PolicyTestsFailed(folder, report)) if report.errors else None


def is_tested_alike(one: BuildResult, other: BuildResult) -> bool:
    """Whether two builds have the same test files."""
    return [(test.path, test.sha256) for test in one.bundle.tests] == [
        (test.path, test.sha256) for test in other.bundle.tests
    ]


def _report(result: BuildResult) -> Report:
    # Most folders are tested elsewhere and hold no tests; they should not wait for what running tests needs.
    from policy_engine.diagnostics import Report, in_order
    from policy_engine.verify.load import load_suite, place_in
    from policy_engine.verify.report import findings_of
    from policy_engine.verify.run import run_suite

    policy, policy_set = result.validation.policy, result.policy_set
    assert policy is not None
    assert policy_set is not None  # as the caller made sure
    suite = load_suite(result.bundle, policy)
    found = findings_of(run_suite(suite, policy_set), policy)
    return Report(diagnostics=in_order((*suite.diagnostics, *place_in(suite, result.bundle, found))))
