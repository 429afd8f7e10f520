"""The variables of a bundle's facts: cut into cells where tests cut them, made when a formula first needs them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from policy_engine.analyzer.cells import Cell, Exactly, Mark, Moment, Positions, Segment, segments
from policy_engine.analyzer.moments import candidate_moments
from policy_engine.analyzer.patterns import pairs_of, plain_of
from policy_engine.analyzer.space import UNSAID, Space
from policy_engine.compiler.atoms import Atom, During, InSet, Interval, Judged, Sampled
from policy_engine.compiler.probes import judged_fact, probe_of
from policy_engine.model.condition import Kinded, Scalar
from policy_engine.model.facts import Facts
from policy_engine.model.layout import Layout
from policy_engine.model.quantity import Kind
from policy_engine.model.request import Request
from policy_engine.model.vocabulary import Fact, Stage

_LEAST = {"message.chars": 1, "message.lines": 1, "conversation.messages": 1}
_ORDERED = (
    ("message.words", "message.chars"),
    ("message.lines", "message.chars"),
    ("input.words", "input.chars"),
    ("input.lines", "input.chars"),
    ("message.chars", "input.chars"),
    ("message.words", "input.words"),
    ("message.lines", "input.lines"),
    ("conversation.turns", "conversation.messages"),
    ("conversation.tool_results", "conversation.messages"),
    ("conversation.tool_errors", "conversation.tool_results"),
    ("conversation.repeats", "conversation.tool_calls"),
)
"""Numbers of which the first is never above the second. Tokens are not among them: a request may state its own."""


@dataclass(slots=True)
class Cuts:
    """Where the tests of a bundle cut its facts, by the fact's name."""

    bounds: dict[str, set[float]] = field(default_factory=dict)
    values: dict[str, set[Scalar]] = field(default_factory=dict)
    ceilings: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    windows: dict[During, None] = field(default_factory=dict)

    def add(self, atom: Atom) -> None:
        """Takes in where one test cuts."""
        match atom:
            case Interval(fact=fact):
                self._bound(fact, atom)
            case Judged():
                self._bound(judged_fact(atom), atom)
            case InSet(fact=fact, values=values) if fact.kind.is_numeric:
                self.bounds.setdefault(fact.name, set()).update(_ends(values, integral=fact.integral))
            case InSet(fact=fact, values=values):
                self.values.setdefault(fact.name, set()).update(values)
            case Sampled(ceiling=ceiling, by=by, salt=salt):
                self.ceilings.setdefault((by.name, salt), set()).add(ceiling)
            case During():
                self.windows[atom] = None

    def _bound(self, fact: Fact, atom: Interval | Judged) -> None:
        bounds = self.bounds.setdefault(fact.name, set())
        bounds.update(end for end in (atom.low, atom.high) if end is not None)


def _ends(values: Iterable[Scalar], *, integral: bool) -> Iterable[float]:
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not integral:
                yield from (value, math.nextafter(value, math.inf))
            elif float(value).is_integer():
                yield from (int(value), int(value) + 1)


@dataclass(slots=True, kw_only=True)
class Domains:
    """
    The variables of one bundle.

    A key is the name of a fact, or of what is tested about it; `version` sets apart what a fact is before and after
    `only` has made it unknown.
    """

    layout: Layout
    cuts: Cuts
    space: Space = field(default_factory=Space)
    numbers: dict[object, int] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    patterns: dict[tuple[str, int], list[tuple[str, int]]] = field(default_factory=dict)
    openness: list[tuple[datetime, int]] | None = None

    def of_fact(self, fact: Fact, version: int = 0) -> int:
        """The variable of a fact's value: a number, a boolean, or one of the texts that are named."""
        key = (fact.name, version)
        number = self.numbers.get(key)
        if number is None:
            self.facts[fact.name] = fact
            number = self.numbers[key] = self._made(fact)
            self._relate(fact.name)
        return number

    def of_pattern(self, fact: Fact, pattern: str, version: int = 0) -> int:
        """The variable that says whether a pattern is found; beyond what is searched it may stay unknown."""
        key = (fact.name, "pattern", pattern, version)
        if key not in self.numbers:
            self.facts[fact.name] = fact
            status = self._status(fact)
            number = self.space.add(f"{fact.name} ~ {pattern}", (Mark.NO, Mark.YES), unknown=UNSAID, status=status)
            self.space.strict[number] = False
            self.numbers[key] = number
            self.patterns.setdefault((fact.name, version), []).append((pattern, number))
        return self.numbers[key]

    def relate_patterns(self) -> None:
        """Notes which plain texts hold which others, among the patterns that there are by now."""
        for found in self.patterns.values():
            plain = [(one, number) for pattern, number in found if (one := plain_of(pattern)) is not None]
            for outer, inner in pairs_of([one for one, _ in plain]):
                self.space.imply(plain[outer][1], plain[inner][1])

    def of_member(self, fact: Fact, value: Kinded, version: int = 0) -> int:
        """The variable that says whether a list holds a value."""
        key = (fact.name, "member", value, version)
        if key not in self.numbers:
            self.facts[fact.name] = fact
            status = self.of_known(fact, version)
            name = f"{fact.name} has {value[1]}"
            self.numbers[key] = self.space.add(name, (Mark.NO, Mark.YES), unknown=UNSAID, status=status)
        return self.numbers[key]

    def of_position(self, sampled: Sampled, version: int = 0) -> int:
        """The variable of where the hash of a key falls."""
        key = (sampled.by.name, "sample", sampled.salt, version)
        if key not in self.numbers:
            self.facts[sampled.by.name] = sampled.by
            ceilings = {one for one in self.cuts.ceilings[sampled.by.name, sampled.salt] if 0 < one < 2**64}
            ends = [0, *sorted(ceilings), 2**64]
            cells = [Positions(low, high) for low, high in pairwise(ends)]
            cells.reverse()  # most are outside of a sample
            self.numbers[key] = self.space.add(f"sample {sampled.salt} by {sampled.by.name}", cells)
        return self.numbers[key]

    def of_opaque(self, key: object, name: str) -> int:
        """The variable of a test about which nothing is known but its outcome."""
        if key not in self.numbers:
            self.numbers[key] = self.space.add(name, (Mark.NO, Mark.YES), unknown=UNSAID)
        return self.numbers[key]

    def of_clock(self) -> int | None:
        """The variable of the moment; None where there are too many windows to tell apart."""
        if not self._moments():
            return None
        if "clock" not in self.numbers:
            self.numbers["clock"] = self.space.add("clock", [Moment(at) for at, _ in self._moments()])
        return self.numbers["clock"]

    def window_mask(self, window: During) -> int:
        """The moments at which a window is open."""
        place = next(i for i, one in enumerate(self.cuts.windows) if one == window)
        return sum(1 << i for i, (_, openness) in enumerate(self._moments()) if openness >> place & 1)

    def of_known(self, fact: Fact, version: int = 0) -> int:
        """The variable whose known cells mean that the fact has a value."""
        status = self._status(fact)
        if status >= 0:
            return status
        if fact.kind is Kind.LIST:
            key = (fact.name, "known", version)
            if key not in self.numbers:
                self.facts[fact.name] = fact
                self.numbers[key] = self.space.add(fact.name, (Mark.KNOWN,), unknown=self._missing(fact))
            return self.numbers[key]
        return self.of_fact(fact, version)

    def _status(self, fact: Fact) -> int:
        section = fact.name.partition(".")[0]
        if fact.stage is not Stage.REQUEST or section not in ("message", "input", "conversation"):
            return -1
        key = ("status", "input" if section == "conversation" else section)
        if key not in self.numbers:
            self.numbers[key] = self.space.add(key[1], (Mark.KNOWN,), unknown=UNSAID)
            message, given = (self.numbers.get(("status", one)) for one in ("message", "input"))
            if message is not None and given is not None:
                self.space.needs[message] = given
        return self.numbers[key]

    def _made(self, fact: Fact) -> int:
        missing = () if fact.always else self._missing(fact)
        known = self._known(fact)
        number = self.space.add(fact.name, known, unknown=missing, status=self._status(fact))
        default = self.layout.defaults.get(fact.name.removeprefix("attributes."))
        if default is not None and fact.name.startswith("attributes."):
            self.space.usual[number] = sum(1 << i for i, cell in enumerate(known) if _holds(cell, default, known))
        elif fact.name == "task" and self.layout.default_task in self.layout.tasks:
            self.space.usual[number] = sum(
                1 << i for i, cell in enumerate(known) if cell == Exactly(str(self.layout.default_task))
            )
        return number

    def _missing(self, fact: Fact) -> tuple[Cell, ...]:
        section, _, name = fact.name.partition(".")
        if section != "attributes":
            return UNSAID
        return (Mark.INVALID,) if name in self.layout.defaults else (Mark.ABSENT, Mark.INVALID)

    def _known(self, fact: Fact) -> list[Cell]:
        if fact.kind is Kind.BOOLEAN:
            return [Mark.NO, Mark.YES]
        if fact.choices is not None:
            return [Exactly(value) for value in dict.fromkeys(fact.choices)]
        if fact.kind.is_numeric:
            own = fact.stage is Stage.REQUEST and not fact.name.startswith("attributes.")
            least = _LEAST.get(fact.name, 0) if own else None
            return list(segments(self.cuts.bounds.get(fact.name, ()), least=least, integral=fact.integral))
        usual = ("auto",) if fact.name == "wants.model" else ()
        named = sorted(map(str, self.cuts.values.get(fact.name, set()).difference(usual)))
        return [*map(Exactly, usual), Mark.OTHER, *map(Exactly, named)]

    def _relate(self, name: str) -> None:
        for lesser, greater in _ORDERED:
            pair = self.numbers.get((lesser, 0)), self.numbers.get((greater, 0))
            if name in (lesser, greater) and pair[0] is not None and pair[1] is not None:
                self.space.order(pair[0], pair[1])

    def _moments(self) -> list[tuple[datetime, int]]:
        """One moment for each way in which windows can be open, with a bit for each that is."""
        if self.openness is None:
            probes = [probe_of(window, {}) for window in self.cuts.windows]
            found: dict[int, datetime] = {}
            for at in candidate_moments(list(self.cuts.windows)):
                facts = Facts(Request(at=at), self.layout)
                found.setdefault(sum((probe(facts) is True) << i for i, probe in enumerate(probes)), at)
            self.openness = [(at, openness) for openness, at in sorted(found.items())]
        return self.openness


def _holds(cell: Cell, value: Scalar, cells: Sequence[Cell]) -> bool:
    """Whether a value lies in a cell, which is one of all."""
    match cell:
        case Exactly(value=own):
            return own == value
        case Segment(low=low, high=high):
            assert isinstance(value, int | float)
            return (low is None or value >= low) and (high is None or value < high)
        case Mark.YES | Mark.NO:
            return value is (cell is Mark.YES)
    return Exactly(value) not in cells
