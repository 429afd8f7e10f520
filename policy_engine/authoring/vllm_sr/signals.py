"""Names of signals turned into conditions of ours, each declared in the draft when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_engine.authoring.draft import Draft, slug
from policy_engine.authoring.formula import Formula
from policy_engine.authoring.vllm_sr import shapes, texts
from policy_engine.authoring.vllm_sr.measures import measure_of
from policy_engine.authoring.vllm_sr.numbers import Range, decimal, range_of
from policy_engine.authoring.vllm_sr.profile import SECTIONS, Profile

COMPUTED = frozenset(("keyword", "context", "structure", "conversation", "metadata", "authz"))
"""Types that follow from the request by a rule; all others are learned: a model says what they are."""


@dataclass(slots=True)
class Signals:
    """
    Signals of one profile.

    Attributes:
        prefix: what goes before the names of this profile, where a file has several.
        embedder: turns text into vectors; None if nobody said which.
        measures: functions from a message to the value of a signal that has to be supplied.
    """

    profile: Profile
    draft: Draft
    prefix: str = ""
    embedder: str | None = None
    measures: dict[str, Callable[[str], bool | float]] = field(default_factory=dict)
    _seen: dict[tuple[str, str, str], Formula] = field(default_factory=dict)

    def formula(self, kind: str, name: str, predicate: Mapping[str, Any] | None = None, label: str = "") -> Formula:
        """The condition that a signal is matched, or that its number meets a predicate."""
        key = (kind, name, f"{predicate}{label}")
        if key not in self._seen:
            self._seen[key] = self._formula(kind, name, predicate, label)
        return self._seen[key]

    @property
    def seen(self) -> frozenset[tuple[str, str]]:
        """All signals that were asked for so far, by type and name."""
        return frozenset((kind, name) for kind, name, _ in self._seen)

    def is_learned(self, kind: str, name: str) -> bool:
        """Whether a model has to be asked for it."""
        signal = self.profile.declared(kind, name) or {}
        method = str(signal.get("method") or "regex").lower()
        return kind not in COMPUTED or (kind == "keyword" and method != "regex")

    def place(self, kind: str, name: str) -> str:
        """Where a signal is declared."""
        return f"{self.profile.place}.signals.{SECTIONS.get(kind, kind)}.{name}"

    def number(self, name: str, place: str, bounds: Range, text: str) -> Formula:
        """The condition that a number which has to be supplied lies within bounds."""
        self.draft.section("signals")[name] = {"type": "number"}
        self.draft.to_supply(place, text)
        return {"signal": {name: bounds.written()}} if bounds.written() else True

    def _formula(self, kind: str, name: str, predicate: Mapping[str, Any] | None, label: str) -> Formula:
        signal = self.profile.declared(kind, name)
        if signal is None and kind in COMPUTED:
            self.draft.left_out(self.place(kind, name), "nothing declares it, so it never holds there either")
            return False
        if kind not in COMPUTED or self.is_learned(kind, name):
            return self._learned(kind, name, signal or {}, predicate, label)
        if predicate is not None and kind not in ("structure", "conversation"):
            return False  # these have no number there
        own = None if signal is None or signal.get("predicate") is None else range_of(signal["predicate"])
        bounds = own if predicate is None else range_of(predicate)
        formula = self._computed(kind, signal or {}, bounds)
        if formula is None:
            return self._measured(kind, name, signal or {}, bounds)
        return self._named(f"{kind}_{slug(name)}", formula, shared=predicate is None)

    def _computed(self, kind: str, signal: Mapping[str, Any], bounds: Range | None) -> Formula | None:
        if kind == "keyword":
            return texts.keyword(signal)
        if kind == "context":
            return texts.context(signal)
        if kind == "structure":
            return texts.structure(signal, bounds)
        if kind == "conversation":
            return shapes.conversation(signal, bounds)
        return shapes.metadata(signal, self.draft) if kind == "metadata" else shapes.authz(signal, self.draft)

    def _named(self, name: str, formula: Formula, *, shared: bool) -> Formula:
        if isinstance(formula, bool) or not shared:
            return formula
        return self.draft.condition(self.prefix + name, formula)

    def _measured(self, kind: str, name: str, signal: Mapping[str, Any], bounds: Range | None) -> Formula:
        """A signal that follows from the request, but by a rule that no condition can state."""
        own, measure = f"{self.prefix}{kind}_{slug(name)}", measure_of(kind, signal)
        if measure is not None:
            self.measures[own] = measure
        said = f"a function for the signal `{own}`, which no condition can state"
        if kind == "keyword":
            self.draft.section("signals")[own] = {"type": "boolean"}
            self.draft.to_supply(self.place(kind, name), said)
            return {"signal": {own: True}}
        return self.number(own, self.place(kind, name), bounds or Range(gt=decimal(0)), said)

    def _learned(
        self, kind: str, name: str, signal: Mapping[str, Any], predicate: Mapping[str, Any] | None, label: str
    ) -> Formula:
        if predicate is not None:
            own = f"{self.prefix}{kind}_{slug(name)}" + (f"_{slug(label)}" if label else "") + "_score"
            said = f"a function for the signal `{own}`: the number that a model gives"
            return self.number(own, self.place(kind, name), range_of(predicate), said)
        if kind == "language":
            self.draft.differs(self.place(kind, name), "another detector tells the language, and may not know it")
            return {"message": {"language": name}}
        if kind == "embedding" and self.embedder and _is_similarity(signal):
            return self._similar(name, signal)
        return self._listed(kind, name, signal)

    def _similar(self, name: str, signal: Mapping[str, Any]) -> Formula:
        own = self.prefix + slug(name)
        phrases = [str(phrase) for phrase in signal.get("candidates") or ()]
        self.draft.section("phrases")[own] = {"embedder": self.embedder, "of": phrases}
        self.draft.differs(self.place("embedding", name), "the threshold was chosen for another embedder; check it")
        return {"similar": {own: {"gte": float(signal.get("threshold") or 0)}}}

    def _listed(self, kind: str, name: str, signal: Mapping[str, Any]) -> Formula:
        """A learned signal of ours holds the names of all rules of its type that are matched."""
        own = f"{self.prefix}{kind}"
        also = [str(category) for category in signal.get("mmlu_categories") or ()] if kind == "domain" else []
        names = [name, *(category for category in also if category != name)]
        declared = self.draft.section("signals").setdefault(own, {"type": "list", "enum": []})
        declared["enum"] += [one for one in names if one not in declared["enum"]]
        said = f"a function for the signal `{own}`: a list of the rules of that type which a model finds matched"
        self.draft.to_supply(self.place(kind, name), said)
        return {"signal": {own: {"has": names if len(names) > 1 else name}}}


def _is_similarity(signal: Mapping[str, Any]) -> bool:
    return signal.get("aggregation_method", "max") in ("max", "any") and signal.get("query_modality") in (None, "text")
