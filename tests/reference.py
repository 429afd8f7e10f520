"""
The reference evaluator: what a bundle decides about a request, worked out from the data of its YAML files.

It knows nothing of the compiler: no index, no shared tests, no generated code. Conditions are walked as they are
written, expressions are simpleeval's business, patterns are searched one by one, and three-valued truth with signals
that nobody asked for yet is a set of outcomes: True, False and None (unknown).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_engine.model.request import Request
from tests.reference_conditions import Reader
from tests.reference_facts import Known
from tests.reference_routes import Models
from tests.reference_truth import Node, Test, blamed, joined, outcomes, pending


@dataclass(frozen=True)
class Answer:
    """What was decided, as far as the reference goes."""

    rule: str | None
    effect: str
    model: str | None
    tier: str | None
    tags: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass
class Rule:
    """A rule, read: its condition with its file's, and that its cache hits (None if it answers from none)."""

    written: Mapping[str, Any]
    when: Node
    hit: Node | None


@dataclass
class Reference:
    """The policies of a bundle, given as the data of its files by path."""

    files: Mapping[str, Mapping[str, Any]]
    rules: list[Rule] = field(init=False)

    def __post_init__(self) -> None:
        self.bundle = _merged(self.files)
        reader = Reader(self.bundle)
        written = [(file, rule) for _, file in sorted(self.files.items()) for rule in file.get("rules", ())]
        written.sort(key=lambda pair: -pair[1].get("priority", 0))
        self.rules = [_read(reader, rule, file.get("when")) for file, rule in written if rule.get("enabled", True)]

    def decide(self, request: Request, learnable: Mapping[str, Any] | None = None) -> Answer:
        """The decision; a signal that the request does not supply has the value in `learnable`, else is unknown."""
        known = Known(request=request, bundle=self.bundle, learnable=learnable or {})
        while True:  # a decision is a function of all signals that were asked for, whichever rule asked
            asked = len(known.signals)
            answer = self._answer(known)
            if len(known.signals) == asked:
                return answer

    def _answer(self, known: Known) -> Answer:
        gathered: list[Mapping[str, Any]] = []
        unknown: set[str] = set()
        name, then = None, self.bundle["default"]
        for rule in self.rules:
            tried = _try(rule, known, unknown)
            if tried == "default":
                break
            if tried and _is_terminal(rule.written["then"]):
                name, then = rule.written["name"], rule.written["then"]
                break
            if tried:
                gathered.append(rule.written["then"])
        effect, model, tier = Models(self.bundle, known).choice(name, then, gathered)
        tags = dict.fromkeys(tag for one in (*gathered, then) for tag in one.get("tags", ()))
        return Answer(name, effect, model, tier, tuple(tags), tuple(sorted(unknown)))


def _merged(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    bundle: dict[str, Any] = {}
    for _, data in sorted(files.items()):
        for section, value in data.items():
            if isinstance(value, dict) and section not in ("default", "when"):
                bundle[section] = {**bundle.get(section, {}), **value}
            elif isinstance(value, list):
                bundle[section] = [*bundle.get(section, []), *value]
            else:
                bundle[section] = value
    return bundle


def _is_terminal(then: Mapping[str, Any]) -> bool:
    return any(effect in then for effect in ("respond", "route", "cascade", "deny"))


def _try(rule: Rule, known: Known, unknown: set[str]) -> str | bool:
    """Whether a rule matches, or `default`; what leaves it unknown is added to `unknown`."""
    on_unknown = rule.written.get("on_unknown", "skip")
    while True:
        when = outcomes(rule.when, known)
        hit = frozenset((True,)) if rule.hit is None else outcomes(rule.hit, known)
        is_open = when != {False} and (on_unknown != "skip" or (True in when and True in hit))
        undecided = rule.when if len(when) > 1 else rule.hit
        asked = set(pending(undecided, known)) if is_open and undecided is not None else set()
        if not asked:
            break
        first = min(stage for stage, _ in asked)
        known.ask(group for stage, group in asked if stage == first)
    if when == {False} or (on_unknown == "skip" and hit == {False}):
        return False
    if None in when:
        unknown.update(blamed(rule.when, known))
        if on_unknown != "match":
            return "default" if on_unknown == "default" else False
    if None in hit and rule.hit is not None:
        unknown.update(blamed(rule.hit, known))
    return hit == {True}


def _read(reader: Reader, written: Mapping[str, Any], outer: Mapping[str, Any] | None) -> Rule:
    """A rule with its file's `when`; a sticky choice needs its key, so the rule asks for that as well."""
    conditions = [reader.condition(one, written["name"]) for one in (outer, written.get("when")) if one]
    then = written["then"]
    route = then.get("route")
    for link in route if isinstance(route, list) else [route]:
        if isinstance(link, dict) and "split" in link:
            key = link.get("by", "id")
            conditions.append(Test((key,), lambda _: True, key))
    cache = then.get("respond", {}).get("cache")
    hit = None if cache is None else reader.test(f"cache.{cache}.hit", "eq", True)
    return Rule(written, joined("all", conditions), hit)
