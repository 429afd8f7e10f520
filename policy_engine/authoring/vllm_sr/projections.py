"""Scores and the bands they are cut into, as scores and conditions of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from policy_engine.authoring.draft import entries, slug, unused
from policy_engine.authoring.formula import Formula, all_of, negated
from policy_engine.authoring.vllm_sr.numbers import Range, decimal, plain, range_of
from policy_engine.authoring.vllm_sr.signals import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sum:
    """A score of ours: the points that may vary, and what is there in any case; None if it cannot be a sum."""

    name: str
    points: tuple[dict[str, Any], ...] | None
    offset: Decimal = Decimal(0)


@dataclass(slots=True)
class Projections:
    """The scores and bands of one profile."""

    signals: Signals
    _sums: dict[str, _Sum] = field(default_factory=dict)
    _bands: dict[str, Formula] = field(default_factory=dict)

    def band(self, name: str) -> Formula:
        """The condition that a score lies in the band of this name, and in none that is written before it."""
        if name not in self._bands:
            self._bands[name] = self._band(name)
        return self._bands[name]

    def reads(self, name: str) -> frozenset[tuple[str, str]]:
        """The signals, by type and name, that a band comes from."""
        found = self.signals.profile.bands.get(name)
        return frozenset() if found is None else self._read(str(found[0].get("source")), frozenset())

    def _read(self, score: str, above: frozenset[str]) -> frozenset[tuple[str, str]]:
        read: set[tuple[str, str]] = set()
        for given in [] if score in above else self._inputs(score):
            kind, name = str(given.get("type")), str(given.get("name"))
            if kind == "kb_metric":
                read.add((kind, f"{given.get('kb')}.{given.get('metric')}"))
            elif kind != "projection":
                read.add((kind, name))
            elif name in self.signals.profile.scores:
                read |= self._read(name, above | {score})
            else:
                read |= self.reads(name)
        return frozenset(read)

    def _inputs(self, score: str) -> list[Mapping[str, Any]]:
        return list(entries(self.signals.profile.scores.get(score, {}).get("inputs")))

    def _band(self, name: str) -> Formula:
        found = self.signals.profile.bands.get(name)
        if found is None:
            place = f"{self.signals.profile.place}.projections.mappings.{name}"
            self.signals.draft.left_out(place, "nothing declares it, so it never holds there either")
            return False
        bands, position = found
        score, outputs = str(bands.get("source")), entries(bands.get("outputs"))
        own = range_of(outputs[position])
        before = [range_of(output) for output in outputs[:position]]
        if bands.get("method") == "multi_emit":
            before = []
        others = [negated(self._within(score, taken)) for taken in before if taken.overlaps(own)]
        formula = all_of([self._within(score, own), *others])
        if isinstance(formula, bool):
            return formula
        return self.signals.draft.condition(f"{self.signals.prefix}projection_{slug(name)}", formula)

    def _within(self, score: str, bounds: Range) -> Formula:
        inputs = self._inputs(score)
        if len(inputs) == 1 and inputs[0].get("type") == "kb_metric":
            return self._metric(score, inputs[0], bounds)
        whole = self._sum(score)
        if whole.points is None:
            said = f"a function for the signal `{whole.name}`: a sum of numbers that only models give"
            return self.signals.number(whole.name, self._place(score), bounds, said)
        if not bounds.written():
            return True
        if not whole.points:
            return bounds.holds(whole.offset)
        return {"score": {whole.name: bounds.moved(whole.offset).written()}}

    def _metric(self, score: str, given: Mapping[str, Any], bounds: Range) -> Formula:
        """A score that is one number of a knowledge base, times its weight."""
        weight = decimal(given.get("weight"))
        if weight == 0:
            return bounds.holds(0)
        name = f"{self.signals.prefix}kb_{slug(str(given.get('kb')))}_{slug(str(given.get('metric')))}"
        said = f"a function for the signal `{name}`: a number that a knowledge base gives"
        return self.signals.number(name, self._place(score), bounds.divided(weight), said)

    def _sum(self, score: str) -> _Sum:
        if score not in self._sums:
            name = unused(self.signals.prefix + slug(score), self.signals.draft.section("scores"))
            terms = list(self._terms(score, Decimal(1), frozenset()))
            if any(term is None for term in terms):
                self._sums[score] = _Sum(name=f"{name}_score", points=None)
            else:
                self._sums[score] = self._added(name, [term for term in terms if term is not None])
        return self._sums[score]

    def _added(self, name: str, terms: list[tuple[Formula, Decimal]]) -> _Sum:
        offset = sum((points for formula, points in terms if formula is True), Decimal(0))
        points = tuple(
            {"when": formula, "points": plain(worth)}
            for formula, worth in terms
            if not isinstance(formula, bool) and worth != 0
        )
        if points:
            self.signals.draft.section("scores")[name] = list(points)
        return _Sum(name=name, points=points, offset=offset)

    def _terms(self, score: str, factor: Decimal, above: frozenset[str]) -> Iterator[tuple[Formula, Decimal] | None]:
        """What adds to a score and how much; None for a number that varies."""
        for given in self._inputs(score):
            kind, name = str(given.get("type")), str(given.get("name"))
            weight, source = factor * decimal(given.get("weight")), given.get("value_source")
            if kind == "projection" and source != "confidence" and name not in above | {score}:
                yield from self._terms(name, weight, above | {score})
            elif kind in ("kb_metric", "projection") or source == "raw":
                yield None
            else:
                yield from self._flag(kind, name, given, weight)

    def _flag(
        self, kind: str, name: str, given: Mapping[str, Any], weight: Decimal
    ) -> Iterator[tuple[Formula, Decimal]]:
        formula = self.signals.formula(kind, name)
        if given.get("value_source") == "confidence":
            if self.signals.is_learned(kind, name) or kind == "structure":
                said = "counts with its whole weight, not with how sure a model is of it"
                self.signals.draft.differs(self.signals.place(kind, name), said)
            yield formula, weight
            return
        yield formula, weight * (decimal(given.get("match")) or Decimal(1))
        yield negated(formula), weight * decimal(given.get("miss"))

    def _place(self, score: str) -> str:
        return f"{self.signals.profile.place}.projections.scores.{score}"
