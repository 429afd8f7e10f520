"""Bundle → Policy and findings: the form of each file, then the nouns, then what they mean together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from policy_engine.diagnostics import Finding, Severity
from policy_engine.loader.bundle import Bundle, SourceFile, shown_path
from policy_engine.loader.faults import outside_folder
from policy_engine.model.policy import Policy, Rule
from policy_engine.validator.checks import CHECKS
from policy_engine.validator.faults import wrong_shape
from policy_engine.validator.inspection import Inspector
from policy_engine.validator.losses import Losses, is_echo, joined, losses_in, losses_of_loading
from policy_engine.validator.read.policy import ReadableFile, Reading, read_policy
from policy_engine.validator.schema import SchemaChecker, check_schema, prune
from policy_engine.validator.surroundings import FactTable, Prices, Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """
    One file by itself: what is wrong with its form, what is left of its data, and what is lost.

    `source` is the data that was looked at; the result holds as long as the file has that.
    """

    sha256: str
    source: Any
    findings: tuple[Finding, ...]
    data: Mapping[str, Any]
    losses: Losses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Validation:
    """
    What a bundle says, and what is wrong with it.

    `policy` is None only if no file could be read. The other fields are what the next validation takes over.
    """

    policy: Policy | None
    findings: tuple[Finding, ...]
    checker: SchemaChecker = field(repr=False)
    files: Mapping[str, FileResult] = field(repr=False)
    reading: Reading = field(repr=False)
    around: Surroundings = field(repr=False)
    of_rules: Mapping[Rule, tuple[Finding, ...]] = field(repr=False)


def validate(
    bundle: Bundle, *, today: date, prices: Prices | None = None, previous: Validation | None = None
) -> Validation:
    """
    The policy of a bundle and everything that is wrong with its form and meaning.

    Findings are in no particular order. A finding keeps nothing from being read: what is malformed is left out of the
    policy, and nothing is called missing that may stand there.

    Args:
        bundle: what was loaded.
        today: the date against which `expires` is held.
        prices: looks up a model's price; without it, no model is called unpriced.
        previous: an earlier validation, from which everything is taken over that has not changed.
    """
    checker = SchemaChecker.named("policy") if previous is None else previous.checker
    files = {file.path: _file_result(file, checker, previous) for file in bundle.files}
    reading = read_policy(
        [ReadableFile(path=file.path, data=files[file.path].data, overlay=file.overlay) for file in bundle.files],
        revision=bundle.revision,
        env=bundle.env,
        assets=bundle.assets,
        previous=None if previous is None else previous.reading,
    )
    around = _surroundings(reading, _losses(bundle, files.values()), today=today, prices=prices)
    inspector = Inspector(CHECKS)
    of_rules = _findings_of_rules(reading, around, inspector=inspector, previous=previous)
    found = [finding for result in files.values() for finding in result.findings if not _is_told(finding, bundle)]
    found += (finding for findings in of_rules.values() for finding in findings)
    readable = any(result.source is not None for result in files.values())
    if readable:
        found += inspector.of_declarations(reading.policy.declarations, around)
        found += inspector.of_reading(reading, around)
    return Validation(
        policy=reading.policy if readable else None,
        findings=tuple(dict.fromkeys(found)),  # a file's own `when` is looked at once for each of its rules
        checker=checker,
        files=files,
        reading=reading,
        around=around,
        of_rules=of_rules,
    )


def _is_told(finding: Finding, bundle: Bundle) -> bool:
    """Whether the loader has told of the same path that it leads out of the folder."""
    if finding.code != wrong_shape.CODE:
        return False
    path, where = shown_path(bundle.root, finding.address.path), finding.address.yaml_path
    told = (d for d in bundle.diagnostics if d.code == outside_folder.CODE)
    return any(d.span.path == path and d.yaml_path == where for d in told)


def _file_result(file: SourceFile, checker: SchemaChecker, previous: Validation | None) -> FileResult:
    known = None if previous is None else previous.files.get(file.path)
    if known is not None and known.sha256 == file.sha256:
        return known
    findings = check_schema(file.path, file.data, checker)
    unread = losses_of_loading(file) if file.diagnostics else Losses()
    data = file.data if isinstance(file.data, dict) else {}
    return FileResult(
        sha256=file.sha256,
        source=file.data,
        findings=tuple(finding for finding in findings if not is_echo(finding, unread)),
        data=prune(data, findings) if findings else data,
        losses=joined((losses_in(file.data, findings), unread)) if findings else unread,
    )


def _losses(bundle: Bundle, results: Iterable[FileResult]) -> Losses:
    """What is lost of the whole bundle; everything may be, if some file could not even be opened."""
    shown = {shown_path(bundle.root, file.path) for file in bundle.files}
    unopened = any(d.severity is Severity.ERROR and d.span.path not in shown for d in bundle.diagnostics)
    every = [result.losses for result in results if result.losses != Losses()]
    return joined((*every, Losses(blind=unopened))) if every or unopened else Losses()


def _surroundings(reading: Reading, losses: Losses, *, today: date, prices: Prices | None) -> Surroundings:
    declarations = reading.policy.declarations
    return Surroundings(
        declarations=declarations,
        facts=FactTable(declarations),
        tasks=frozenset(declarations.tasks),
        today=today,
        sections=reading.sections,
        losses=losses,
        prices=prices,
    )


def _findings_of_rules(
    reading: Reading, around: Surroundings, *, inspector: Inspector, previous: Validation | None
) -> dict[Rule, tuple[Finding, ...]]:
    known: Mapping[Rule, tuple[Finding, ...]] = {}
    if previous is not None and _is_alike(previous.around, around):
        known = previous.of_rules
    found = {}
    for rule in reading.policy.rules:
        findings = known.get(rule)
        found[rule] = inspector.of_rule(rule, around) if findings is None else findings
    return found


def _is_alike(one: Surroundings, other: Surroundings) -> bool:
    """Whether a rule that has not changed is judged alike in both."""
    return (
        one.declarations is other.declarations
        and one.today == other.today
        and one.sections == other.sections
        and one.losses == other.losses
    )
