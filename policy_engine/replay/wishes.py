"""Wishes about a request: what would have to be so for a condition to be true, or not, as values of facts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice, zip_longest
from typing import Any, TypeAlias

from policy_engine.compiler.atoms import (
    Computed,
    During,
    Exists,
    HasAny,
    InSet,
    Interval,
    IsTrue,
    Known,
    Sampled,
    Scored,
    Search,
)
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.pattern import compile_pattern, encode
from policy_engine.compiler.specimens import specimens
from policy_engine.model.facts import Facts
from policy_engine.model.layout import Layout
from policy_engine.model.quantity import Kind
from policy_engine.model.request import Request
from policy_engine.model.vocabulary import Fact

Wish: TypeAlias = Mapping[str, Any]
"""
Values by the dotted names of facts. None means absent; `message.text` has texts that must all be in it, and
`message.text!` patterns that must not be found in it.
"""

_MOST = 24
_DRAWS = 400
_JOINED = 200
_PARTS = 10
_STRANGE = "something else"
_LACKS = "!"
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


class Wishes:
    """
    Makes wishes for the conditions of one bundle. They are guesses: whoever uses them tries them.

    Args:
        layout: of the bundle, to try moments and samples.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def for_(self, node: Node | None, *, holds: bool) -> list[Wish]:
        """Some wishes under which a condition holds, or does not; none where nobody can tell what would help."""
        return list(islice(self._wishes(node, holds), _MOST))

    def _wishes(self, node: Node | None, holds: bool) -> Iterator[Wish]:
        if node is None:
            yield from [{}] if holds else []
        elif node.op is Op.NOT:
            yield from self._wishes(node.children[0], not holds)
        elif node.op is Op.LEAF:
            yield from self._leaf(node, holds)
        elif (node.op is Op.ALL) is holds:
            yield from joined([self.for_(child, holds=holds) for child in node.children])
        else:
            yield from _in_turn([self.for_(child, holds=holds) for child in node.children])

    def _leaf(self, node: Node, holds: bool) -> Iterator[Wish]:
        match node.atom:
            case InSet(fact=fact, values=values):
                yield from _members(fact, sorted(values, key=str), holds)
            case Interval(fact=fact, low=low, high=high):
                yield from ({fact.name: number} for number in _numbers(fact, low, high, holds))
            case IsTrue(fact=fact):
                yield {fact.name: holds}
            case HasAny(fact=fact, values=values):
                lists: list[list[Any]] = [[value] for _, value in sorted(values, key=str)] if holds else [[]]
                yield from ({fact.name: items} for items in lists)
            case Exists(attribute=name):
                yield {f"attributes.{name}": "x" if holds else None}
            case Known(fact=fact):
                yield {fact.name: "w1" if holds else None}
            case Search(fact=fact, patterns=patterns):
                yield from _texts(fact, patterns, holds)
            case During():
                yield from self._tried(node, holds, ({"at": moment} for moment in _moments(node.atom)))
            case Sampled(by=fact):
                yield from self._tried(node, holds, ({fact.name: f"w{n}"} for n in range(_DRAWS)))
            case Scored():
                yield from self._sums(node, node.atom, holds)
            case Computed():
                yield from _literals(node.atom)

    def _sums(self, node: Node, atom: Scored, holds: bool) -> Iterator[Wish]:
        """Sets of parts whose sum passes, or does not, the nearest to the edge first."""
        parts = list(zip(node.children, atom.points, strict=True))[:_PARTS]
        chosen = sorted(_subsets(atom, len(parts), holds), key=lambda pair: pair[0])
        for _, members in chosen[:_MOST]:
            wishes = [self.for_(child, holds=place in members)[:2] for place, (child, _) in enumerate(parts)]
            yield from islice(joined(wishes), 2)

    def _tried(self, node: Node, holds: bool, wishes: Iterable[Wish]) -> Iterator[Wish]:
        """Those wishes under which a test comes out as it should."""
        for wish in wishes:
            request = _simple(wish)
            if request is None or node.probe is None:
                continue
            if node.probe(Facts(request, self._layout)) is holds:
                yield wish


def _in_turn(lists: list[list[Wish]]) -> Iterator[Wish]:
    """The first of each list, then the second of each, so that none is crowded out."""
    for wishes in zip_longest(*lists):
        yield from (wish for wish in wishes if wish is not None)


def joined(parts: Iterable[list[Wish]]) -> Iterator[Wish]:
    """One wish of each part, all at once, wherever they do not contradict each other."""
    found: list[Wish] = [{}]
    for part in parts:
        # The empty wish stands for a part that nobody can wish for: the others may do.
        pairs = ((one, other) for other in part or [{}] for one in found)
        both = (merged(pair) for pair in pairs)
        found = list(islice((wish for wish in both if wish is not None), _JOINED))
    return iter(found)


def merged(wishes: Iterable[Wish]) -> Wish | None:
    """All wishes in one; None if two want different values of one fact."""
    found: dict[str, Any] = {}
    for wish in wishes:
        for name, value in wish.items():
            if name.endswith((".text", _LACKS)) and name in found:
                found[name] = tuple(dict.fromkeys((*found[name], *value)))
            elif found.setdefault(name, value) != value:
                return None
    return None if any(_contradicts(found, name) for name in found if name.endswith(_LACKS)) else found


def _contradicts(wish: Wish, name: str) -> bool:
    """Whether a text that is wished for has what it should lack."""
    texts = wish.get(name.removesuffix(_LACKS), ())
    return any(compile_pattern(pattern).search(encode(text)) for pattern in wish[name] for text in texts)


def _subsets(atom: Scored, parts: int, holds: bool) -> Iterator[tuple[int, frozenset[int]]]:
    """(distance from the edge, parts that hold) of every set of parts whose sum comes out as wished."""
    edges = [edge for edge in (atom.low, atom.high) if edge is not None]
    for bits in range(1 << parts):
        members = frozenset(place for place in range(parts) if bits >> place & 1)
        total = sum(atom.points[place] for place in members)
        passes = (atom.low is None or total >= atom.low) and (atom.high is None or total < atom.high)
        if passes is holds:
            yield min((abs(total - edge) for edge in edges), default=0), members


def _members(fact: Fact, values: list[Any], holds: bool) -> Iterator[Wish]:
    if holds:
        yield from ({fact.name: value} for value in values)
        return
    others = [choice for choice in fact.choices or () if choice not in values]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    yield from ({fact.name: value} for value in others or [max(numbers) + 1 if numbers else _STRANGE])


def _numbers(fact: Fact, low: float | None, high: float | None, holds: bool) -> Iterator[float]:
    """Numbers at the edges of an interval: the first and last inside, or the nearest outside."""
    if not holds:
        yield from () if low is None else (_before(low, fact),)
        yield from () if high is None else (high,)
        return
    if low is not None:
        yield low
    if high is not None:
        yield _before(high, fact)
    if low is not None and high is None:
        yield low * 2 if fact.integral else low


def _before(number: float, fact: Fact) -> float:
    is_whole = fact.integral or fact.kind is Kind.COUNT
    return number - 1 if is_whole else math.nextafter(number, -math.inf)


def _texts(fact: Fact, patterns: tuple[str, ...], holds: bool) -> Iterator[Wish]:
    if not holds:
        yield {f"{fact.name}{_LACKS}": patterns} if fact.name.endswith(".text") else {fact.name: _STRANGE}
        return
    for pattern in patterns[:4]:
        text = next(specimens(pattern), None)
        if text is not None:
            yield {fact.name: (text,) if fact.name.endswith(".text") else text}


def _moments(atom: During) -> Iterator[str]:
    """Moments around the edges of a window, over two weeks or at its dates."""
    days = [_MONDAY + timedelta(days=day) for day in range(8)]
    days += [datetime.fromisoformat(day).replace(tzinfo=UTC) for dates in atom.dates[:3] for day in dates]
    minutes = [minute for minute in (atom.start_minute, atom.end_minute) if minute is not None]
    offsets = [*(minute + shift for minute in minutes for shift in (-60, 0, 60)), 12 * 60]
    for day in days:
        yield from ((day + timedelta(minutes=offset)).isoformat() for offset in offsets)


def _simple(wish: Wish) -> Request | None:
    """The request of a wish about a moment, an id, a session, a user or an attribute."""
    ((name, value),) = wish.items()
    if name == "at":
        return Request(at=datetime.fromisoformat(value))
    if name in ("id", "session", "user"):
        return Request(**{name: value})
    section, _, attribute = name.partition(".")
    return Request(attributes={attribute: value}) if section == "attributes" else None


def _literals(atom: Computed) -> Iterator[Wish]:
    """For an expression: the numbers and texts in it, one more and one less, for each fact that it reads."""
    numbers = [float(text) for text in _NUMBER.findall(atom.text)]
    texts = [one or other for one, other in _QUOTED.findall(atom.text)]
    for fact in atom.reads:
        if fact.kind is Kind.TEXT:
            yield from ({fact.name: (text,) if fact.name.endswith(".text") else text} for text in texts)
        elif fact.kind is Kind.BOOLEAN:
            yield from ({fact.name: value} for value in (True, False))
        else:
            for number in numbers:
                steps = (number - 1, number, number + 1)
                yield from ({fact.name: int(step) if step == int(step) else step} for step in steps if step >= 0)
