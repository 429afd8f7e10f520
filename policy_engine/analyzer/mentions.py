"""Which declared names a bundle uses, wherever it mentions them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from policy_engine.model.condition import Condition, ExpressionTest, JudgeTest, Reference, SampleTest, Test
from policy_engine.model.effect import Choice, Limit, Named, Requested, Respond, RunCascade, Shadow, Split, Stick, Then
from policy_engine.model.policy import Declarations, Policy
from policy_engine.model.vocabulary import DECLARED_IN, declared_names
from policy_engine.validator.certainty import names_in
from policy_engine.validator.walk import (
    named_in,
    parts_of_condition,
    parts_of_limits,
    parts_of_route,
    parts_of_rule,
    parts_of_then,
)

Mention: TypeAlias = tuple[str, str]
"""A section of a bundle and a name in it."""

_PLACEHOLDER = re.compile(r"attributes\.([\w-]+)")


def mentions(policy: Policy) -> frozenset[Mention]:
    """Every declared name that something uses; what a disabled rule uses counts, for it may come back."""
    return frozenset(_mentions(policy))


def caches_read(policy: Policy) -> frozenset[str]:
    """The caches that some condition asks or some rule answers from."""
    found = {
        name for part in _parts(policy) for section, name in _of_test(part, policy.declarations) if section == "caches"
    }
    answers = (part.cache for part in _parts(policy) if isinstance(part, Respond) and part.cache is not None)
    return frozenset(found.union(answers))


def caches_filled(policy: Policy) -> frozenset[str]:
    """The caches that some rule remembers answers in."""
    thens = [rule.then for rule in policy.rules] + ([] if policy.default is None else [policy.default])
    return frozenset(then.modifiers.remember for then in thens if then.modifiers.remember is not None)


def _mentions(policy: Policy) -> Iterator[Mention]:
    declarations = policy.declarations
    for part in _parts(policy):
        yield from _of_test(part, declarations)
        yield from _of_effect(part, declarations)
    for tier in declarations.tiers.values():
        yield from (("models", model) for model in tier.models)
    for model in declarations.models.values():
        yield ("providers", model.provider)
    for settings in (declarations.caches, declarations.classifiers, declarations.phrases, declarations.budgets):
        for setting in settings.values():
            yield from _in_setting(setting.value)
    for content in declarations.assets.values():
        names = _PLACEHOLDER.findall(content.decode("utf-8", "replace"))
        yield from (("attributes", name) for name in names)


def _parts(policy: Policy) -> Iterator[Any]:
    """Everything in rules, the default and declarations that can mention a name."""
    declarations = policy.declarations
    for rule in policy.rules:
        yield from parts_of_rule(rule)
    if policy.default is not None:
        yield from parts_of_then(policy.default)
    for condition in _declared_conditions(declarations):
        yield from parts_of_condition(condition)
    for cascade in declarations.cascades.values():
        yield from parts_of_limits(cascade.limits)
        for step in cascade.steps:
            yield from parts_of_route(step.route)


def _declared_conditions(declarations: Declarations) -> Iterator[Condition]:
    yield from (one.when for one in declarations.conditions.values() if one.when is not None)
    yield from (part.when for score in declarations.scores.values() for part in score.parts)
    for cascade in declarations.cascades.values():
        yield from (step.accept for step in cascade.steps if step.accept is not None)


def _of_test(part: object, declarations: Declarations) -> Iterator[Mention]:
    match part:
        case Test():
            section, name = named_in(part)
            if section in DECLARED_IN:
                yield (DECLARED_IN[section], name)
            elif section in ("session", "wants"):
                operand = part.operand if isinstance(part.operand, tuple) else (part.operand,)
                yield from _models(map(str, operand))
        case Reference(name=name):
            yield ("conditions", name)
        case ExpressionTest(text=text):
            for dotted in names_in(text):
                yield from _dotted(dotted, declarations)
        case SampleTest(by=by):
            yield from _key(by)
        case JudgeTest(model=model):
            yield ("models", model)


def _of_effect(part: object, declarations: Declarations) -> Iterator[Mention]:
    match part:
        case Named(name=name):
            yield from _models((name,))
        case Requested():
            yield from _models((*declarations.models, *declarations.tiers))
        case Choice(of=of):
            yield from _models(of)
        case Split(weights=weights, by=by):
            yield from _models(name for name, _ in weights)
            yield from _key(by)
        case RunCascade(name=name):
            yield ("cascades", name)
        case Limit(otherwise=str(name)):
            yield from _models((name,))
        case Shadow(judge_model=str(model)):
            yield ("models", model)
        case Stick(by=by):
            yield from _key(by)
        case Then():
            return


def _models(names: Iterable[str]) -> Iterator[Mention]:
    for name in names:
        yield from (("models", name), ("tiers", name))


def _key(by: str | None) -> Iterator[Mention]:
    if by is not None:
        yield ("attributes", by.removeprefix("attributes."))


def _dotted(name: str, declarations: Declarations) -> Iterator[Mention]:
    """The declared name in a dotted one, which may itself have dots."""
    section, _, rest = name.partition(".")
    if section not in DECLARED_IN:
        return
    for declared in declared_names(section, declarations):
        if rest == declared or rest.startswith(f"{declared}."):
            yield (DECLARED_IN[section], declared)


def _in_setting(value: object) -> Iterator[Mention]:
    """Whatever a setting names: scopes, embedders, models."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _in_setting(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _in_setting(inner)
    elif isinstance(value, str):
        provider, _, model = value.partition("/")
        yield from (("providers", provider), ("models", model or value), ("tiers", value))
        yield from _key(value)
