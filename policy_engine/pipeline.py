"""From a folder to a policy set: load, validate, price, compile, each stage a value from a value."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.diagnostics import Diagnostic, Report
    from policy_engine.loader.bundle import Bundle
    from policy_engine.model.request import Request
    from policy_engine.validator.validate import Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """
    What a folder came to.

    Attributes:
        policy_set: what to decide with; None where the report has errors.
        report: everything that was found, sorted by place.
        bundle: what was read.
        validation, compiled: what the next build of the same folder can reuse; not to decide with.
    """

    policy_set: PolicySet | None
    report: Report
    bundle: Bundle = field(repr=False)
    validation: Validation = field(repr=False)
    compiled: PolicySet | None = field(repr=False)


def build(
    folder: str | os.PathLike[str],
    *,
    env: str | None = None,
    previous: BuildResult | None = None,
    today: date | None = None,
) -> BuildResult:
    """
    The policies of a folder, ready to decide, and everything there is to say about them.

    Args:
        folder: the bundle's folder.
        env: the environment whose `overlays/<env>/` apply.
        previous: an earlier result for the same folder; what has not changed is not done again.
        today: the date that `expires` is compared with; None means today.

    Raises:
        BundleNotFound: there is no such folder.
    """
    from policy_engine.loader.pause import garbage_collection_paused

    with garbage_collection_paused():
        return _build(folder, env=env, previous=previous, today=today)


def _build(
    folder: str | os.PathLike[str], *, env: str | None, previous: BuildResult | None, today: date | None
) -> BuildResult:
    # Loading and checking need heavy libraries; whoever only decides should not pay for them.
    from policy_engine.catalogue.cards import catalogue_of, price_of
    from policy_engine.compiler.compile import compile_bundle
    from policy_engine.loader.bundle import load
    from policy_engine.validator.validate import validate

    bundle = load(folder, env, previous=None if previous is None else previous.bundle)
    known = None if previous is None else previous.validation
    validation = validate(bundle, today=today or date.today(), prices=price_of, previous=known)
    policy = validation.policy
    if policy is None:
        report = _report((*bundle.diagnostics, *bundle.place_all(validation.findings)), bundle, rules=0, revision=None)
        return BuildResult(policy_set=None, report=report, bundle=bundle, validation=validation, compiled=None)
    catalogue = catalogue_of(policy.declarations)
    revision = bundle.revision_with(catalogue.borrowed)
    compilation = compile_bundle(
        replace(policy, revision=revision), catalogue.cards, previous=None if previous is None else previous.compiled
    )
    placed = bundle.place_all((*validation.findings, *compilation.findings))
    report = _report((*bundle.diagnostics, *placed), bundle, rules=len(policy.rules), revision=revision)
    return BuildResult(
        policy_set=None if report.errors else compilation.policy_set,
        report=report,
        bundle=bundle,
        validation=validation,
        compiled=compilation.policy_set,
    )


def analyzed(result: BuildResult, *, samples: Iterable[Request] = ()) -> BuildResult:
    """
    The same result, with what the analysis says about it in its report.

    Without policies to decide with there is nothing to analyse. A finding keeps its policies from nothing, whatever its
    severity: who serves them does not wait for this. `samples` are requests on which thresholds are tried.
    """
    from policy_engine.analyzer.analyze import analyze
    from policy_engine.analyzer.study import SourceData
    from policy_engine.diagnostics import in_order
    from policy_engine.loader.pause import garbage_collection_paused

    if result.policy_set is None or result.validation.policy is None:
        return result
    files = [SourceData(path=file.path, data=file.data) for file in result.bundle.files]
    with garbage_collection_paused():
        found = result.bundle.place_all(
            analyze(result.validation.policy, result.policy_set, files=files, samples=samples)
        )
    report = replace(result.report, diagnostics=in_order((*result.report.diagnostics, *found)))
    return replace(result, report=report)


def _report(diagnostics: Iterable[Diagnostic], bundle: Bundle, *, rules: int, revision: str | None) -> Report:
    from policy_engine.diagnostics import Report, Severity, in_order

    ordered = in_order(diagnostics)
    has_errors = any(diagnostic.severity is Severity.ERROR for diagnostic in ordered)
    return Report(
        diagnostics=ordered,
        files=len(bundle.files),
        rules=rules,
        revision=None if has_errors else revision,
        sources=bundle.sources,
    )
