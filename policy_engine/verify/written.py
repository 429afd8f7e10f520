"""A test file as it is written: its fixtures and cases, before they become requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from policy_engine.diagnostics import Address
from policy_engine.model.request import FIELD_NAMES

MOST_COMBINATIONS: Final = 1_000
"""A matrix has at most so many."""

DEEP_FIELDS: Final = frozenset(("attributes", "params", "wants", "tokens", "signals"))
"""Fields of a request that are mappings: laid over each other entry by entry."""

Combination = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenCase:
    """
    One entry of `cases`.

    `request` is its own part, `fixtures` are names; `at` is the case's clock or else the file's.
    """

    name: str
    request: Mapping[str, Any]
    fixtures: tuple[str, ...]
    matrix: Mapping[str, list[Any]]
    at: str | None
    expect: Mapping[str, Any]
    todo: str | None
    address: Address

    def combinations(self) -> Iterator[Combination]:
        """Each choice of one value for every place of the matrix; one empty choice without a matrix."""
        places = [[(place, value) for value in values] for place, values in self.matrix.items()]
        yield from product(*places)

    def count(self) -> int:
        """How many combinations there are."""
        total = 1
        for values in self.matrix.values():
            total *= len(values)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPage:
    """One test file: its fixtures and cases by what could be read of them."""

    __test__ = False

    path: str
    fixtures: Mapping[str, Mapping[str, Any]]
    cases: tuple[WrittenCase, ...]

    @property
    def address(self) -> Address:
        """The file itself."""
        return Address(self.path)


def read_page(path: str, data: Mapping[str, Any]) -> TestPage:
    """The test file that some data is; what is malformed was told before and is passed over."""
    fixtures = {name: one for name, one in _mapping(data.get("fixtures")).items() if isinstance(one, dict)}
    at, written = data.get("at"), data.get("cases")
    cases = (
        _case(one, Address(path, ("cases", position)), at)
        for position, one in enumerate(written if isinstance(written, list) else ())
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("expect"), dict)
    )
    return TestPage(path=path, fixtures=fixtures, cases=tuple(cases))


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """A request laid over another: mappings entry by entry, everything else as a whole."""
    merged = dict(below)
    for name, value in above.items():
        if name in ("input", "messages"):
            merged.pop("messages" if name == "input" else "input", None)
        known = merged.get(name)
        merged[name] = laid_over(known, value) if isinstance(value, dict) and isinstance(known, dict) else value
    return merged


def placed(place: str, value: Any) -> dict[str, Any]:
    """The part of a request that has a value at a dotted place."""
    name, _, rest = place.partition(".")
    return {name: placed(rest, value) if rest else value}


def is_place(place: str) -> bool:
    """Whether a dotted place can be in a request."""
    name, dot, rest = place.partition(".")
    if name not in FIELD_NAMES:
        return False
    return not dot or (bool(rest) and name in DEEP_FIELDS and all(rest.split(".")))


def written_request(case: WrittenCase, page: TestPage, combination: Combination) -> dict[str, Any]:
    """The request of a case: fixtures, then its own part, then the combination; its clock where it has none."""
    request: dict[str, Any] = {}
    for name in case.fixtures:
        request = laid_over(request, page.fixtures.get(name, {}))
    request = laid_over(request, case.request)
    for place, value in combination:
        if is_place(place):
            request = laid_over(request, placed(place, value))
    if case.at is not None:
        request.setdefault("at", case.at)
    return request


def _case(written: Mapping[str, Any], address: Address, at: Any) -> WrittenCase:
    fixtures = written.get("fixture", ())
    names = (fixtures,) if isinstance(fixtures, str) else fixtures
    own = written.get("at", at)
    matrix = {place: values for place, values in _mapping(written.get("matrix")).items() if isinstance(values, list)}
    todo = written.get("todo")
    return WrittenCase(
        name=written["name"],
        request=_mapping(written.get("request")),
        fixtures=tuple(name for name in names if isinstance(name, str)),
        matrix=matrix,
        at=own if isinstance(own, str) else None,
        expect=written["expect"],
        todo=todo if isinstance(todo, str) else None,
        address=address,
    )


def _mapping(written: Any) -> Mapping[str, Any]:
    return written if isinstance(written, dict) else {}
