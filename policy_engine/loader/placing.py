"""Findings → diagnostics: from where something is in the data to where it is in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from policy_engine.diagnostics import Address, Diagnostic, Finding, Part, Position, Related, Span
from policy_engine.loader.locate import Locator


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """
    The texts in which findings are placed.

    `root` is put before paths; `texts` has each file's text, by path, and the offsets of list items that its data
    leaves out.
    """

    root: str
    texts: Mapping[str, tuple[str, frozenset[int]]]


def place_all(findings: Iterable[Finding], places: Places) -> tuple[Diagnostic, ...]:
    """The findings with line and column, in their order. A file that is not known has one place, its beginning."""
    placer = _Placer(places)
    return tuple(placer.diagnostic(finding) for finding in findings)


def spans_of(addresses: Iterable[Address], places: Places, *, part: Part = Part.VALUE) -> tuple[Span, ...]:
    """Where values stand in their files, in their order."""
    placer = _Placer(places)
    return tuple(placer.span(address, part) for address in addresses)


class _Placer:
    """Keeps what was learned about each file from one finding to the next."""

    __slots__ = ("_locators", "_places")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._locators: dict[str, Locator] = {}

    def diagnostic(self, finding: Finding) -> Diagnostic:
        """The finding with its place and its related places."""
        return Diagnostic(
            code=finding.code,
            name=finding.name,
            severity=finding.severity,
            message=finding.message,
            span=self.span(finding.address, finding.part, within=finding.within),
            yaml_path=finding.address.yaml_path,
            help=finding.help,
            related=tuple(
                Related(span=self.span(related.address, related.part), message=related.message)
                for related in finding.related
            ),
            witness=finding.witness,
        )

    def span(self, address: Address, part: Part, *, within: tuple[int, int] | None = None) -> Span:
        """Where a value stands."""
        shown = (PurePath(self._places.root) / address.path).as_posix()
        locator = self._locator(address.path)
        if locator is None:
            return Span(shown, Position(1, 1), Position(1, 1))
        return Span(shown, *locator.place(address.keys, part=part, within=within))

    def _locator(self, path: str) -> Locator | None:
        if path not in self._locators:
            if path not in self._places.texts:
                return None
            text, left_out = self._places.texts[path]
            self._locators[path] = Locator(text, left_out)
        return self._locators[path]
