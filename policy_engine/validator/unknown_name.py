"""What to tell about a name that nothing declares: where such names are declared, and which was probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.validator.suggestion import closest, listed
from policy_engine.validator.surroundings import Site

_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """
    Names of one sort.

    `word` is what one is called; `sections` has the names of each section of a bundle that declares some.
    """

    word: str
    sections: Mapping[str, Collection[str]]

    def __contains__(self, name: object) -> bool:
        return any(name in names for names in self.sections.values())

    def home_of(self, name: str | None) -> str:
        """The section that declares a name; the first that declares anything for one that nothing declares."""
        for section, names in self.sections.items():
            if name in names or (name is None and names):
                return section
        return next(iter(self.sections))


def unknown_name(
    name: str,
    namespace: Namespace,
    *,
    code: tuple[str, str],
    site: Site,
    address: Address,
    part: Part = Part.VALUE,
) -> Iterator[Finding]:
    """The finding that nothing declares `name`, unless something does, or may do so where nothing could be read."""
    if name in namespace or site.around.losses.may_hold(name):
        return
    known = [known for names in namespace.sections.values() for known in names]
    meant = closest(name, known)
    home = namespace.home_of(meant)
    yield Finding(
        code=code[0],
        name=code[1],
        severity=Severity.ERROR,
        message=f"unknown {namespace.word} `{name}`",
        address=address,
        part=part,
        help=_help(meant, known, home),
        related=_related(home, site),
    )


def _help(meant: str | None, known: list[str], home: str) -> str:
    if meant is not None:
        return f"did you mean `{meant}`?"
    if 0 < len(known) <= _SHOWN:
        return f"write {listed(known)}, or declare it under `{home}`"
    return f"declare it under `{home}`"


def _related(home: str, site: Site) -> tuple[RelatedAddress, ...]:
    place = site.around.sections.get(home)
    if place is None:
        return ()
    return (RelatedAddress(address=place, message=f"{home} are declared here", part=Part.KEY),)
