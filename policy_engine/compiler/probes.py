"""Each kind of test as a function of facts that answers true, false, UNKNOWN or PENDING."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import singledispatch
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from policy_engine.compiler import answers
from policy_engine.compiler.atoms import (
    AnswerFitsSchema,
    AnswerHasSections,
    AnswerIsJson,
    AnswerIsOneOf,
    Atom,
    Computed,
    During,
    Exists,
    HasAny,
    InSet,
    Interval,
    IsTrue,
    Judged,
    Known,
    Sampled,
    Scored,
    Search,
)
from policy_engine.compiler.graph import Probe, Truth
from policy_engine.compiler.pattern import searcher
from policy_engine.compiler.source import EXPRESSION_FUNCTIONS, compile_function
from policy_engine.model.condition import Kinded, Scalar, kinded
from policy_engine.model.facts import PENDING, UNKNOWN, Facts
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import Fact, Stage

INDEXED_MEASURES = ("message.chars", "message.tokens", "input.chars", "input.tokens")
"""Lengths that are cheap enough to measure for every request of a cell."""

Reader = Callable[[Facts], Any]

_COST_BY_STAGE = {
    Stage.REQUEST: 0,
    Stage.COUNTERS: 1_000,
    Stage.CLASSIFIERS: 10_000,
    Stage.SIMILAR: 100_000,
    Stage.CACHES: 1_000_000,
    Stage.ANSWER: 0,
}


def facts_of(atom: Atom) -> tuple[Fact, ...]:
    """The facts that an atom reads; a score's are those of its parts."""
    if isinstance(atom, Computed):
        return atom.reads
    if isinstance(atom, Judged):
        return (judged_fact(atom),)
    if isinstance(atom, Sampled):
        return (atom.by,)
    fact = getattr(atom, "fact", None)
    return () if fact is None else (fact,)


def judged_fact(atom: Judged) -> Fact:
    """A judge's score as a fact of its own, by model and question."""
    name = f"judge.{atom.model}: {atom.question}"
    return Fact(name=name, kind=Kind.SHARE, group=name, stage=Stage.ANSWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """
    What the kind of a test and the facts that it reads say about it.

    `groups` is what it needs to know, as (group, stage) pairs without repeats, without what is never missing; `cost`
    how dear it is, so that cheap ones run first: comparisons, regexes, expressions, then signals by stage; `indexed`
    the fact by whose value it can be looked up, or None if it has to be run.
    """

    groups: tuple[tuple[str, Stage], ...]
    cost: int
    indexed: Fact | None


def traits_of(kind: type[Atom], facts: tuple[Fact, ...]) -> Traits:
    """The traits of all atoms of a kind that read these facts."""
    groups: dict[str, Stage] = {}
    for fact in facts:
        if not fact.always:
            # `session` is both the request's own and a signal.
            groups[fact.group] = max(fact.stage, groups.get(fact.group, fact.stage))
    stage = max((fact.stage for fact in facts), default=Stage.REQUEST)
    cost = _COST_BY_STAGE[stage] + _RANK.get(kind, 1)
    return Traits(groups=tuple(groups.items()), cost=cost, indexed=_indexed(kind, facts))


def _indexed(kind: type[Atom], facts: tuple[Fact, ...]) -> Fact | None:
    is_cheap = {Interval: _is_cheap_number, InSet: _is_cheap_value, IsTrue: _is_cheap_value}.get(kind)
    return facts[0] if is_cheap is not None and is_cheap(facts[0]) else None


def _is_cheap_number(fact: Fact) -> bool:
    return fact.name in INDEXED_MEASURES or (fact.name.startswith("attributes.") and fact.kind is not Kind.LIST)


def _is_cheap_value(fact: Fact) -> bool:
    section = fact.name.partition(".")[0]
    return fact.stage is Stage.REQUEST and section in ("attributes", "wants") and fact.kind is not Kind.LIST


_RANK: Mapping[type, int] = {Search: 30, Computed: 40, During: 5, Sampled: 5, Scored: 60, Judged: 10_000_000}


def reader_of(fact: Fact) -> Reader:
    """A function that gives a fact's value, UNKNOWN or PENDING."""
    section, _, rest = fact.name.partition(".")
    if section == "attributes":
        return lambda facts: facts.attributes.get(rest, UNKNOWN)
    if fact.is_signal or section == "judge":
        return _signal_reader(fact)
    if section == "conversation":
        count = operator.methodcaller(rest)
        return lambda facts: UNKNOWN if _is_missing(facts, "conversation") else count(facts.shape)
    if section == "output":
        return lambda facts: _answer_value(facts, rest)
    return _request_reader(fact.name)


def _request_reader(name: str) -> Reader:
    if name == "task":
        return lambda facts: UNKNOWN if _is_missing(facts, "task") else facts.task
    if name in ("id", "session", "user"):
        given = operator.attrgetter(f"request.{name}")
        return lambda facts: UNKNOWN if given(facts) is None else given(facts)
    section, _, measure = name.partition(".")
    read = operator.attrgetter(_SLOTS.get(name, f"{section}_{measure}"))
    if section == "message":
        return lambda facts: UNKNOWN if facts.message is None else read(facts)
    if section == "input":
        return lambda facts: UNKNOWN if _is_missing(facts, "input") else read(facts)
    return read


_SLOTS = {"message.text": "message", "message.chars": "message_chars", "input.chars": "input_chars"}


def _is_missing(facts: Facts, group: str) -> bool:
    return facts.missing & facts.layout.bits[group] != 0


def _signal_reader(fact: Fact) -> Reader:
    group = fact.group
    field = fact.name[len(group) + 1 :]

    def read(facts: Facts) -> Any:
        value = facts.signals.get(group, PENDING)
        if not field or value is PENDING or value is UNKNOWN:
            return value
        return value.get(field, UNKNOWN)

    return read


def _answer_value(facts: Facts, name: str) -> Any:
    answer = facts.signals.get("output")
    return UNKNOWN if answer is None else answer.get(name, UNKNOWN)


def probe_of(atom: Atom, assets: Mapping[str, bytes]) -> Probe:
    """The test of an atom that is no score (a score's parts are nodes)."""
    if isinstance(atom, AnswerFitsSchema):
        return _on(answers.TEXT, answers.schema_test(atom.path, assets))
    return _probe(atom)


@singledispatch
def _probe(atom: Any) -> Probe:
    raise TypeError(f"no test for `{type(atom).__name__}`")


def _on(fact: Fact, test: Callable[[Any], Truth]) -> Probe:
    read = reader_of(fact)

    def probe(facts: Facts) -> Truth:
        value = read(facts)
        return value if value is UNKNOWN or value is PENDING else test(value)

    return probe


@_probe.register
def _in_set(atom: InSet) -> Probe:
    return _on(atom.fact, atom.values.__contains__)


@_probe.register
def _interval(atom: Interval) -> Probe:
    low, high = atom.low, atom.high
    return _on(atom.fact, lambda value: (low is None or value >= low) and (high is None or value < high))


@_probe.register
def _is_true(atom: IsTrue) -> Probe:
    return _on(atom.fact, lambda value: value is True)


@_probe.register
def _has_any(atom: HasAny) -> Probe:
    return _on(atom.fact, member_test(atom.values))


def member_test(wanted: frozenset[Kinded]) -> Callable[[Iterable[Scalar]], bool]:
    """Whether a list holds one of some values."""
    values = unmistakable_members(wanted)
    if values is not None:
        return lambda items: not values.isdisjoint(items)
    return lambda items: any(kinded(item) in wanted for item in items)


def unmistakable_members(wanted: frozenset[Kinded]) -> frozenset[Scalar] | None:
    """The same values if none of them is, or is to Python equal to, a boolean; else None."""
    values = frozenset(value for _, value in wanted)
    return values if values.isdisjoint((0, 1)) else None


@_probe.register
def _known(atom: Known) -> Probe:
    return _on(atom.fact, lambda _: True)


@_probe.register
def _exists(atom: Exists) -> Probe:
    name = atom.attribute
    return lambda facts: facts.request.attributes.get(name) is not None or name in facts.layout.defaults


@_probe.register
def _search(atom: Search) -> Probe:
    search = searcher(atom.patterns)

    def test(text: str) -> Truth:
        found = search(text)
        return UNKNOWN if found is None else found

    return _on(atom.fact, test)


@_probe.register
def _during(atom: During) -> Probe:
    zone = ZoneInfo(atom.zone)

    def probe(facts: Facts) -> Truth:
        local = facts.at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        day = local.date()
        start, end = atom.start_minute, atom.end_minute
        if start is not None and end is not None:
            if start < end:
                inside = start <= minute < end
            else:
                inside = minute >= start or minute < end
                # Past midnight belongs to the day on which the window began.
                day = day - timedelta(days=1) if minute < end else day
            if not inside:
                return False
        if atom.days and day.weekday() not in atom.days:
            return False
        written = day.isoformat()
        return not atom.dates or any(first <= written <= last for first, last in atom.dates)

    return probe


@_probe.register
def _sampled(atom: Sampled) -> Probe:
    return _on(atom.by, lambda value: sample_position(atom.salt, value) < atom.ceiling)


def sample_position(salt: str, value: object) -> int:
    """
    Where a value falls in [0, 2**64): BLAKE2b-64 of salt, NUL and the value as text, read big-endian.

    Integers are written in decimal, as are numbers that are whole, and booleans as `true` and `false`.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    hashed = blake2b(f"{salt}\0{text}".encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(hashed.digest(), "big")


@_probe.register
def _computed(atom: Computed) -> Probe:
    readers = tuple(reader_of(fact) for fact in atom.reads)
    compute = compile_function(atom.source, EXPRESSION_FUNCTIONS)

    def probe(facts: Facts) -> Truth:
        values = [read(facts) for read in readers]
        if UNKNOWN in values:
            return UNKNOWN
        if PENDING in values:
            return PENDING
        try:
            return bool(compute(facts))
        except ArithmeticError:
            return UNKNOWN

    return probe


@_probe.register
def _answer_is_json(atom: AnswerIsJson) -> Probe:
    return _on(answers.TEXT, lambda text: answers.is_json(text) is atom.wanted)


@_probe.register
def _answer_has_sections(atom: AnswerHasSections) -> Probe:
    return _on(answers.TEXT, lambda text: answers.has_sections(text, atom.sections))


@_probe.register
def _answer_is_one_of(atom: AnswerIsOneOf) -> Probe:
    return _on(answers.TEXT, lambda text: text.strip() in atom.texts)


@_probe.register
def _judged(atom: Judged) -> Probe:
    low, high = atom.low, atom.high
    return _on(judged_fact(atom), lambda score: (low is None or score >= low) and (high is None or score < high))
