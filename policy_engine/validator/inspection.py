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


class Inspector:
    """Runs each check on the parts that it looks at; holds nothing else."""

    __slots__ = ("_looks",)

    def __init__(self, checks: Iterable[Check]) -> None:
        looks: dict[type | str, tuple[_Look, ...]] = {}
        for check in checks:
            for subject in check.SUBJECTS:
                looks[subject] = (*looks.get(subject, ()), check.check)
        self._looks: Mapping[type | str, tuple[_Look, ...]] = looks

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
        found = tuple(self._in((reading,), site))
        return found if default is None else (*found, *self._in(parts_of_then(default), site))

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

    def _in(self, parts: Iterable[Any], site: Site) -> Iterator[Finding]:
        looks = self._looks
        for part in parts:
            kind = type(part)
            for look in looks.get(part.fact.partition(".")[0] if kind is Test else kind, ()):
                yield from look(part, site)
