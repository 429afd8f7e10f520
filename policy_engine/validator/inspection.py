"""Checks applied to the parts of a policy that they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from policy_engine.diagnostics import Finding
from policy_engine.model.condition import Test
from policy_engine.model.policy import Declarations, Rule
from policy_engine.validator.checks import Check
from policy_engine.validator.read.policy import Reading
from policy_engine.validator.surroundings import Site, Surroundings
from policy_engine.validator.walk import (
    parts_of_condition,
    parts_of_limits,
    parts_of_route,
    parts_of_rule,
    parts_of_then,
)

_Look: TypeAlias = Callable[[Any, Site], Iterator[Finding]]
_Subject: TypeAlias = type | str


class _Looks(dict[_Subject, tuple[_Look, ...]]):
    """Who looks at parts of a class, or at tests of a fact: those who look at its section, and at the fact itself."""

    def __init__(self, by_subject: Mapping[_Subject, tuple[_Look, ...]]) -> None:
        super().__init__()
        self._by_subject = by_subject

    def __missing__(self, asked: _Subject) -> tuple[_Look, ...]:
        subjects: tuple[_Subject, ...] = (asked,)
        if isinstance(asked, str) and "." in asked:
            subjects = (asked.partition(".")[0], asked)
        looks = self[asked] = tuple(look for subject in subjects for look in self._by_subject.get(subject, ()))
        return looks


class Inspector:
    """Runs each check on the parts that it looks at; holds nothing else."""

    __slots__ = ("_looks",)

    def __init__(self, checks: Iterable[Check]) -> None:
        by_subject: dict[_Subject, tuple[_Look, ...]] = {}
        for check in checks:
            for subject in check.SUBJECTS:
                by_subject[subject] = (*by_subject.get(subject, ()), check.check)
        self._looks = _Looks(by_subject)

    def of_rule(self, rule: Rule, around: Surroundings) -> tuple[Finding, ...]:
        """What is wrong with one rule. It depends on the rule and its surroundings alone."""
        return tuple(self._in(parts_of_rule(rule), Site(around=around, rule=rule)))

    def of_declarations(self, declarations: Declarations, around: Surroundings) -> tuple[Finding, ...]:
        """What is wrong with the declarations, each by itself and together."""
        return tuple(self._in_declarations(declarations, around))

    def of_reading(self, reading: Reading, around: Surroundings) -> tuple[Finding, ...]:
        """What is wrong with the bundle as a whole, and with its `default`."""
        site = Site(around=around)
        default = reading.policy.default
        found = self._in((reading,), site)
        return tuple(found if default is None else found + self._in(parts_of_then(default), site))

    def _in_declarations(self, declarations: Declarations, around: Surroundings) -> Iterator[Finding]:
        site = Site(around=around)
        yield from self._in((declarations,), site)
        for condition in declarations.conditions.values():
            if condition.when is not None:
                yield from self._in(parts_of_condition(condition.when), site)
        for score in declarations.scores.values():
            for part in score.parts:
                yield from self._in(parts_of_condition(part.when), site)
        for cascade in declarations.cascades.values():
            yield from self._in(parts_of_limits(cascade.limits), site)
            for step in cascade.steps:
                yield from self._in(parts_of_route(step.route), site)
                if step.accept is not None:
                    yield from self._in(parts_of_condition(step.accept), Site(around=around, gate=step))

    def _in(self, parts: Iterable[Any], site: Site) -> list[Finding]:
        looks = self._looks
        found: list[Finding] = []
        for part in parts:
            kind = type(part)
            for look in looks[part.fact if kind is Test else kind]:
                found += look(part, site)
        return found
