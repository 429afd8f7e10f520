"""From the test files of a bundle, and the examples of its rules, to a suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from policy_engine.diagnostics import Address, Diagnostic, Finding, Span, in_order
from policy_engine.loader.bundle import Bundle, TestFile, shown_path
from policy_engine.loader.document import read_document
from policy_engine.loader.encoding import decoded
from policy_engine.loader.placing import Places, place_all, spans_of
from policy_engine.model.policy import Policy
from policy_engine.model.request import Request, read_request
from policy_engine.validator.schema import SchemaChecker, check_schema, prune
from policy_engine.verify.checks import CHECKS, CHECKS_OF_EXAMPLES
from policy_engine.verify.suite import MOMENT, Case, RuleExample, Suite
from policy_engine.verify.written import MOST_COMBINATIONS, TestPage, read_page, written_request


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadFile:
    """One test file by itself: what it says, and what is wrong with its form."""

    path: str
    text: str = field(repr=False)
    left_out: frozenset[int]
    page: TestPage
    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...]


def load_suite(bundle: Bundle, policy: Policy) -> Suite:
    """
    The tests of a bundle, with everything that is wrong with them, placed.

    Args:
        bundle: what was loaded; test files in it are read now.
        policy: the bundle's policy.
    """
    files = _read_files(bundle)
    examples = tuple(_examples(policy))
    pages = {file.path: file.page for file in files}
    findings = [finding for file in files for finding in file.findings]
    findings += (finding for check in CHECKS for page in pages.values() for finding in check.check(page, policy))
    findings += (
        finding
        for check in CHECKS_OF_EXAMPLES
        for rule in policy.rules
        if rule.examples
        for finding in check.check_examples(rule, policy)
    )
    suite = Suite(
        cases=tuple(case for page in pages.values() for case in _cases(page, policy)),
        examples=examples,
        findings=tuple(findings),
        texts={file.path: (file.text, file.left_out) for file in files},
    )
    told = [diagnostic for file in files for diagnostic in file.diagnostics]
    return replace(suite, diagnostics=in_order((*told, *place_in(suite, bundle, suite.findings))))


def place_in(suite: Suite, bundle: Bundle, findings: Iterable[Finding]) -> tuple[Diagnostic, ...]:
    """Findings about tests with their lines and columns, in their order."""
    return place_all(findings, _places(suite, bundle))


def spans_in(suite: Suite, bundle: Bundle, addresses: Iterable[Address]) -> tuple[Span, ...]:
    """Where tests stand in their files, in their order."""
    return spans_of(addresses, _places(suite, bundle))


def _places(suite: Suite, bundle: Bundle) -> Places:
    texts = {file.path: (file.text, file.left_out) for file in bundle.files}
    return Places(root=bundle.root, texts={**texts, **suite.texts})


def sources_of(suite: Suite, bundle: Bundle) -> Mapping[str, str]:
    """Text of every file that a diagnostic about tests can point into, by the path that people are shown."""
    tests = {shown_path(bundle.root, path): text for path, (text, _) in suite.texts.items()}
    return {**bundle.sources, **tests}


def request_of(written: Mapping[str, Any], policy: Policy) -> Request:
    """
    The request of a test; its clock is fixed where it states none.

    Raises:
        ValueError: it is none; says why.
    """
    request = read_request(written, attributes=policy.declarations.attributes)
    return request if request.at is not None else replace(request, at=MOMENT)


def _read_files(bundle: Bundle) -> tuple[_ReadFile, ...]:
    if not bundle.tests:
        return ()
    checker = SchemaChecker.named("policy_test")
    return tuple(_read_file(file, shown_path(bundle.root, file.path), checker) for file in bundle.tests)


def _read_file(file: TestFile, where: str, checker: SchemaChecker) -> _ReadFile:
    text, diagnostics = decoded(file.content, where)
    data: Any = None
    left_out: frozenset[int] = frozenset()
    if not diagnostics:
        document = read_document(text, where)
        data, diagnostics, left_out = document.data, document.diagnostics, document.left_out
    findings = check_schema(file.path, data, checker)
    return _ReadFile(
        path=file.path,
        text=text,
        left_out=left_out,
        page=read_page(file.path, prune(data, findings)),
        findings=findings,
        diagnostics=diagnostics,
    )


def _cases(page: TestPage, policy: Policy) -> Iterator[Case]:
    for case in page.cases:
        if case.count() > MOST_COMBINATIONS:
            continue  # it is told
        for combination in case.combinations():
            written = written_request(case, page, combination)
            try:
                request = request_of(written, policy)
            except ValueError:
                continue  # it is told
            chosen = ", ".join(f"{place}: {value}" for place, value in combination)
            yield Case(
                name=f"{case.name} ({chosen})" if chosen else case.name,
                request=request,
                written=written,
                expect=case.expect,
                address=case.address,
                todo=case.todo,
            )


def _examples(policy: Policy) -> Iterator[RuleExample]:
    for rule in policy.rules:
        for number, example in enumerate(rule.examples if rule.enabled else (), start=1):
            try:
                request = request_of(example.request, policy)
            except ValueError:
                continue  # it is told
            yield RuleExample(
                name=f"{rule.name}: example {number}",
                request=request,
                written=example.request,
                rule=rule,
                matches=example.matches,
                address=example.address,
            )
