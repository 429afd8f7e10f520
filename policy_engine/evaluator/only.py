"""`only`: what a request may touch, and what is ruled out because it leaves the process without the right tags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.model.effect import Choice, Link, Modifiers, Named, Shadow, Split
from policy_engine.model.facts import Facts
from policy_engine.model.policy import Declarations


def restricted(policy_set: PolicySet, facts: Facts, rules: Iterable[CompiledRule]) -> Facts:
    """The facts as later rules may see them: a lookup that is ruled out is unknown, whoever knows its value."""
    tags = {tag for rule in rules for tag in rule.modifiers.only}
    forbidden = tuple(ruled_out(policy_set.declarations, tags))
    return facts.without(forbidden) if forbidden else facts


def held_to(modifiers: Modifiers, policy_set: PolicySet) -> Modifiers:
    """The modifiers without a `remember` or a `shadow` that `only` rules out."""
    tags = set(modifiers.only)
    remember, shadow = modifiers.remember, modifiers.shadow
    if remember is not None and f"cache.{remember}" in ruled_out(policy_set.declarations, tags):
        remember = None
    if shadow is not None and not _has_model(shadow, policy_set, tags):
        shadow = None
    return replace(modifiers, remember=remember, shadow=shadow)


def ruled_out(declarations: Declarations, tags: Set[str]) -> Iterator[str]:
    """The groups whose lookup leaves the process and lacks one of the tags."""
    for section, declared in (("cache", declarations.caches), ("similar", declarations.phrases)):
        for name, setting in declared.items():
            own = _tags_outside(setting.value, declarations)
            if own is not None and not own.issuperset(tags):
                yield f"{section}.{name}"


def _tags_outside(setting: Mapping[str, Any], declarations: Declarations) -> frozenset[str] | None:
    """The tags of a setting whose embedder is a provider's (`PROVIDER/MODEL`), its provider's among them; else None."""
    provider, slash, _ = str(setting.get("embedder", "")).partition("/")
    if not slash:
        return None
    declared = declarations.providers.get(provider)
    return frozenset((*setting.get("tags", ()), *(() if declared is None else declared.tags)))


def _has_model(shadow: Shadow, policy_set: PolicySet, tags: Set[str]) -> bool:
    models = {model for link in shadow.route.chain for model in _models(link, policy_set.declarations)}
    return any(policy_set.cards[model].tags.issuperset(tags) for model in models if model in policy_set.cards)


def _models(link: Link, declarations: Declarations) -> Iterator[str]:
    match link:
        case Named(name=name):
            names: Iterable[str] = (name,)
        case Choice(of=of):
            names = of
        case Split(weights=weights):
            names = (name for name, _ in weights)
        case _:
            names = declarations.models
    for name in names:
        tier = declarations.tiers.get(name)
        yield from (name,) if tier is None else tier.models
