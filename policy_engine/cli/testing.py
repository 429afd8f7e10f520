"""What `policy-engine test` finds out about policies, as one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.cli.console import Console
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.diagnostics import Report, Severity, in_order
from policy_engine.pipeline import BuildResult
from policy_engine.verify.coverage import Coverage, cover
from policy_engine.verify.load import load_suite, place_in, sources_of
from policy_engine.verify.report import findings_of
from policy_engine.verify.run import SuiteResult, chosen, run_suite

if TYPE_CHECKING:
    from policy_engine.verify.mutate.trial import MutationResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which tests to run (words that their names have), and what else to find out."""

    words: str = ""
    coverage: bool = False
    mutate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    What was found out.

    `report` has mistakes in tests, tests that failed and those with `todo`; coverage and mutation are None if nobody
    asked, mutation also where a test fails.
    """

    result: SuiteResult
    report: Report
    coverage: Coverage | None = None
    mutation: MutationResult | None = None
    is_unproven: bool = False
    """Whether mutation was asked for and not tried, as there is a test that fails."""

    @property
    def has_failed(self) -> bool:
        """Whether a test failed or could not be run as it is meant."""
        return bool(self.report.errors)

    def complaints(self, *, min_coverage: float | None, min_mutation: float | None) -> Iterator[str]:
        """Which of the wanted shares, in per cent, were not reached."""
        if self.is_unproven:
            yield "changes were not tried, because a test fails already"
        if min_coverage is not None and self.coverage is not None and self.coverage.percent() < min_coverage:
            yield f"coverage is {self.coverage.percent():.1f} %, below {min_coverage:g} %"
        if min_mutation is not None and self.mutation is not None and self.mutation.percent < min_mutation:
            yield f"the tests notice {self.mutation.percent:.1f} % of the changes, below {min_mutation:g} %"


def prove(built: BuildResult, policy_set: PolicySet, asked: Asked, *, console: Console) -> Proof:
    """Runs what was asked for; shows progress where it takes long."""
    policy = built.validation.policy
    assert policy is not None  # there is a policy set
    suite = load_suite(built.bundle, policy)
    if asked.words:
        suite = chosen(suite, asked.words)
    result = run_suite(suite, policy_set)
    found = place_in(suite, built.bundle, findings_of(result, policy))
    report = Report(
        diagnostics=in_order((*suite.diagnostics, *found)),
        files=len(suite.texts),
        rules=built.report.rules,
        revision=built.report.revision,
        sources=sources_of(suite, built.bundle),
    )
    has_errors = any(one.severity is Severity.ERROR for one in report.diagnostics)
    mutation = None
    if asked.mutate and not has_errors:
        from policy_engine.verify.mutate.trial import try_mutants

        progress = console.progress(total=None)
        try:
            mutation = try_mutants(suite, policy_set, policy, on_tried=progress.show)
        finally:
            progress.close()
    return Proof(
        result=result,
        report=report,
        coverage=cover(suite, policy_set, policy) if asked.coverage else None,
        mutation=mutation,
        is_unproven=asked.mutate and has_errors,
    )
