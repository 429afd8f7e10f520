"""Policy + PolicySet → findings: what is allowed but hardly meant, as the bundle wants it told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from policy_engine.analyzer.findings import FINDINGS
from policy_engine.analyzer.study import SourceData, Study
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.policy import Declarations, Ignore, Policy
from policy_engine.model.request import Request


def analyze(
    policy: Policy, policy_set: PolicySet, *, files: Iterable[SourceData] = (), samples: Iterable[Request] = ()
) -> tuple[Finding, ...]:
    """
    What is allowed in a bundle but hardly meant.

    Every finding about reachability or order carries a request that the evaluator has confirmed; what could be neither
    shown nor proved is left out. Severities are those of the bundle's `analysis`; what it ignores is left out.

    Args:
        policy: the nouns.
        policy_set: what they were compiled to, without errors.
        files: the files as data, to point at what the nouns have no place of.
        samples: requests on which thresholds are tried.
    """
    study = Study(policy=policy, policy_set=policy_set, files=tuple(files), samples=tuple(samples))
    wanted = policy.declarations.analysis
    found = [finding for page in FINDINGS if wanted.get(page.CODE) != "off" for finding in page.find(study)]
    return tuple(_as_wanted(one, policy.declarations) for one in found if not _is_ignored(one, study))


def _as_wanted(finding: Finding, declarations: Declarations) -> Finding:
    severity = declarations.analysis.get(finding.code)
    return finding if severity is None else replace(finding, severity=Severity(severity))


def _is_ignored(finding: Finding, study: Study) -> bool:
    return any(ignore.code == finding.code for ignore in _ignores_at(finding.address, study))


def _ignores_at(address: Address, study: Study) -> Iterator[Ignore]:
    """What the rule ignores in which an address lies, and what the bundle ignores about the entry there."""
    policy = study.policy
    for rule in policy.rules:
        if rule.ignores and _is_within(address, rule.address):
            yield from rule.ignores
    if policy.ignores:
        entry = _entry_at(address, study)
        yield from (ignore for ignore in policy.ignores if ignore.at == entry)


def _is_within(address: Address, outer: Address) -> bool:
    return address.path == outer.path and address.keys[: len(outer.keys)] == outer.keys


def _entry_at(address: Address, study: Study) -> str | None:
    """The entry in which an address lies, as `SECTION.NAME`."""
    if len(address.keys) < 2:
        return None
    section, name = address.keys[:2]
    if isinstance(name, int):
        data: Any = next((file.data for file in study.files if file.path == address.path), {})
        entry = data[section][name]
        name = entry.get("name", name) if isinstance(entry, dict) else entry
    return f"{section}.{name}"
