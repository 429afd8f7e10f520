"""What can be changed in a request so that a test comes out the other way: values beside its bounds, and absence."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, product
from typing import Any
from zoneinfo import ZoneInfo

from policy_engine.compiler.atoms import (
    Atom,
    Computed,
    During,
    Exists,
    HasAny,
    InSet,
    Interval,
    IsTrue,
    Known,
    Sampled,
    Search,
)
from policy_engine.compiler.graph import Node
from policy_engine.compiler.probes import sample_position
from policy_engine.compiler.specimens import specimens
from policy_engine.model.plan import SplitTarget, Verdict
from policy_engine.model.policy import Declarations
from policy_engine.model.vocabulary import Fact, fact_named
from policy_engine.verify.mutate.edit import ABSENT, Written, with_fact

_TEXTS = ("Could you please look into it?", "so? and? why? when? how? where? " + "so " * 60)
_SAMPLES_OF_ALL = 40
_DRAWS = 4_000
"""Enough for one in a thousand to fall between two shares that differ by a tenth of a per cent."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One fact, by its dotted name, and a value to give it; `at` is the clock."""

    fact: str
    value: Any

    def turned(self, written: Written) -> Written | None:
        """The request with the value; None if that cannot be arranged."""
        if self.fact == "at":
            return {**written, "at": self.value}
        return with_fact(written, self.fact, self.value)


def knobs_of(leaves: Iterable[Node]) -> tuple[Knob, ...]:
    """The knobs of some tests, each once."""
    every = (knob for leaf in leaves if leaf.atom is not None for knob in _knobs(leaf.atom))
    return tuple({(knob.fact, repr(knob.value)): knob for knob in every}.values())


def knobs_of_splits(verdicts: Iterable[Verdict], declarations: Declarations) -> tuple[Knob, ...]:
    """The knobs of the keys by which verdicts split their routes, beside where each share ends."""
    links = (link for verdict in verdicts for step in verdict.plan.steps for link in step.chain)
    return tuple(
        Knob(link.by, value)
        for link in links
        if isinstance(link, SplitTarget) and (fact := fact_named(link.by, declarations)) is not None
        for ceiling in link.ceilings[:-1]
        for value in _beside(link.salt, ceiling, fact)
    )


def _knobs(atom: Atom) -> Iterator[Knob]:
    match atom:
        case InSet(fact=fact, values=values):
            yield from _of_fact(fact, (*sorted(values, key=str), *_others(fact, values)))
        case Interval(fact=fact, low=low, high=high):
            yield from _of_fact(fact, _around(fact, low, high))
        case IsTrue(fact=fact):
            yield from _of_fact(fact, (True, False))
        case HasAny(fact=fact, values=values):
            yield from _of_fact(fact, (*([value] for _, value in sorted(values, key=str)), []))
        case Exists(attribute=attribute):
            yield from (Knob(f"attributes.{attribute}", value) for value in ("x", ABSENT))
        case Known(fact=fact):
            yield from _of_fact(fact, ("x",))
        case Search(fact=fact, patterns=patterns):
            texts = (
                text
                for pattern in patterns
                for text in islice(specimens(pattern), max(2, _SAMPLES_OF_ALL // len(patterns)))
            )
            yield from _of_fact(fact, (*texts, *_TEXTS[:1]))
        case During():
            yield from (Knob("at", moment.isoformat()) for moment in _moments(atom))
        case Sampled(ceiling=ceiling, by=fact, salt=salt):
            yield from _of_fact(fact, tuple(_beside(salt, ceiling, fact)))
        case Computed(reads=reads):
            yield from (Knob(fact.name, text) for fact in reads if fact.name.endswith(".text") for text in _TEXTS)


def _of_fact(fact: Fact, values: Iterable[Any]) -> Iterator[Knob]:
    yield from (Knob(fact.name, value) for value in values)
    if not fact.always:
        yield Knob(fact.name, ABSENT)
        if fact.name.startswith("attributes.") and fact.choices is not None:
            yield Knob(fact.name, "(no such value)")


def _others(fact: Fact, values: frozenset[Any]) -> Iterator[Any]:
    """Some value that is not among these."""
    if fact.choices is not None:
        yield from (choice for choice in fact.choices if choice not in values)
    elif fact.name == "wants.model":
        yield from ("auto", "some-model")
    else:
        yield "other"


def _around(fact: Fact, low: float | None, high: float | None) -> Iterator[float]:
    for bound in (low, high):
        if bound is None:
            continue
        if fact.integral:
            yield from (bound, bound - 1)
            continue
        # Open and closed ends differ by one number; what is written lies beside both.
        written = round(bound, 6)
        yield from (written, written + 0.005, max(0.0, written - 0.005), bound, math.nextafter(bound, -math.inf))


def _beside(salt: str, ceiling: int, by: Fact) -> Iterator[Any]:
    """Two values that fall below a ceiling and two that do not, the nearest to it."""
    stem = by.name.rpartition(".")[2]
    made = range(_DRAWS) if by.integral else (f"{stem}-{number}" for number in range(_DRAWS))
    placed = [(sample_position(salt, value), value) for value in by.choices or made]
    placed.sort(key=lambda pair: pair[0])
    end = bisect_left(placed, ceiling, key=lambda pair: pair[0])
    yield from (value for _, value in placed[max(0, end - 2) : end + 2])


def _moments(atom: During) -> Iterator[datetime]:
    """Moments at and beside the ends of a window, in its zone."""
    zone = ZoneInfo(atom.zone)
    days = {date(2026, 10, 5) + timedelta(days=offset) for offset in range(7)}
    for first, last in atom.dates:
        for day in (date.fromisoformat(first), date.fromisoformat(last)):
            days |= {day - timedelta(days=1), day, day + timedelta(days=1)}
    minutes = {12 * 60}
    for end in (atom.start_minute, atom.end_minute):
        if end is not None:
            minutes |= {max(0, end - 2), max(0, end - 1), end % 1440, (end + 1) % 1440}
    for day, minute in product(sorted(days), sorted(minutes)):
        yield datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
