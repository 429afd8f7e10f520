"""
Changes to an effect: another tier, another answer, another share, a modifier, a limit or a gate gone or changed.

Each can be seen in a decision, or no test could ever notice it. A gate is seen as the text that the plan gives its
step: tests, bounds and the judge's name. What is not in there is left as it is: the question that a judge is asked, a
shadow's judge, the points of a score that a gate reads, the window and the least number of requests of a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from policy_engine.compiler.operands import written
from policy_engine.diagnostics import Address
from policy_engine.model.condition import Condition
from policy_engine.model.effect import (
    Choice,
    Deny,
    Link,
    Modifiers,
    Named,
    Preference,
    Respond,
    Route,
    RunCascade,
    Split,
    Terminal,
    Then,
)
from policy_engine.model.policy import Cascade, Declarations
from policy_engine.model.quantity import Kind
from policy_engine.verify.effects import modifiers_set
from policy_engine.verify.mutate.conditions import applied, changes_of
from policy_engine.verify.mutate.mutant import Part
from policy_engine.verify.mutate.thresholds import moved_quantity

_OTHER_TEXT = "(another answer)"
_OTHER_STATUS = 418
_BY_ENTRY = ("limits", "params", "tags", "only")


def changed_effects(then: Then, declarations: Declarations) -> Iterator[tuple[str, Address, Then]]:
    """Every change to an effect: in words, where it is made, and what the effect becomes."""
    if then.terminal is not None:
        for text, terminal in _instead(then.terminal, declarations):
            yield text, then.terminal.address, replace(then, terminal=terminal)
    for text, key, modifiers in _without(then.modifiers):
        yield text, then.address.child(key), replace(then, modifiers=modifiers)
    shadow = then.modifiers.shadow
    if shadow is not None:
        for share in moved_quantity(shadow.share, Kind.SHARE):
            text = f"shadow of `{written(share)}` instead of `{written(shadow.share)}`"
            yield (
                text,
                shadow.address,
                replace(then, modifiers=replace(then.modifiers, shadow=replace(shadow, share=share))),
            )


def changed_cascades(cascade: Cascade, declarations: Declarations) -> Iterator[tuple[Part, str, Address, Cascade]]:
    """Every change to a cascade: a step or a limit gone, a gate gone or changed in one thing."""
    for name, limit in cascade.limits.items():
        left = {other: one for other, one in cascade.limits.items() if other != name}
        yield Part.EFFECT, f"drop the limit `{name}`", limit.address, replace(cascade, limits=left)
    for position, step in enumerate(cascade.steps):
        before, after = cascade.steps[:position], cascade.steps[position + 1 :]
        if before or after:
            yield Part.EFFECT, f"drop step {position + 1}", step.address, replace(cascade, steps=(*before, *after))
        for part, text, address, accept in _gates(step.accept, declarations):
            steps = (*before, replace(step, accept=accept), *after)
            yield part, f"{text} of step {position + 1}", address, replace(cascade, steps=steps)


def _gates(
    accept: Condition | None, declarations: Declarations
) -> Iterator[tuple[Part, str, Address, Condition | None]]:
    """A gate gone, then changed in each of its tests."""
    if accept is None:
        return
    yield Part.EFFECT, "drop `accept`", accept.address, None
    for change in changes_of(accept, declarations):
        changed = applied(change, accept)
        if changed is not None:
            yield change.part, f"{change.text} in `accept`", change.old.address, changed


def _instead(terminal: Terminal, declarations: Declarations) -> Iterator[tuple[str, Terminal]]:
    match terminal:
        case Route():
            yield from _routes(terminal, declarations)
        case RunCascade(name=name):
            for other in declarations.cascades:
                if other != name:
                    yield f"cascade `{name}` becomes `{other}`", replace(terminal, name=other)
                    break
            route = _first_tier(terminal.address, declarations)
            if route is not None:
                yield f"cascade `{name}` becomes a route to `{_said(route.chain[0])}`", route
        case Deny(status=status):
            yield f"status {status} becomes {_OTHER_STATUS}", replace(terminal, status=_OTHER_STATUS)
            yield "another message", replace(terminal, message=_OTHER_TEXT)
        case Respond(address=address):
            yield "another answer", Respond(address=address, text=_OTHER_TEXT)


def _first_tier(address: Address, declarations: Declarations) -> Route | None:
    name = next(iter(declarations.tiers), None) or next(iter(declarations.models), None)
    return None if name is None else Route(chain=(Named(name=name, address=address),), address=address)


def _routes(route: Route, declarations: Declarations) -> Iterator[tuple[str, Route]]:
    for position, link in enumerate(route.chain):
        before, after = route.chain[:position], route.chain[position + 1 :]
        for text, other in _links(link, declarations):
            yield text, replace(route, chain=(*before, other, *after))
        if before or after:
            yield f"drop `{_said(link)}` from the route", replace(route, chain=(*before, *after))


def _links(link: Link, declarations: Declarations) -> Iterator[tuple[str, Link]]:
    match link:
        case Named(name=name):
            other = _another(name, declarations)
            if other is not None:
                yield f"route to `{other}` instead of `{name}`", replace(link, name=other)
        case Choice():
            yield from _choices(link)
        case Split(weights=weights, address=address) if len(weights) > 1:
            for name, _ in weights:
                yield f"all of the split to `{name}`", Named(name=name, address=address)
            yield from _other_weights(link)


def _other_weights(split: Split) -> Iterator[tuple[str, Link]]:
    """The split with each weight but the last one less and one more in its last written digit."""
    for position, (name, weight) in enumerate(split.weights[:-1]):
        for moved in moved_quantity(int(weight) if weight.is_integer() else weight, Kind.NUMBER):
            if isinstance(moved, int | float) and moved > 0:
                weights = (*split.weights[:position], (name, moved), *split.weights[position + 1 :])
                yield f"weight {moved:g} of `{name}` instead of {weight:g}", replace(split, weights=weights)


def _choices(choice: Choice) -> Iterator[tuple[str, Link]]:
    opposite = Preference.BEST if choice.preference is not Preference.BEST else Preference.CHEAPEST
    yield f"`{choice.preference}` becomes `{opposite}`", replace(choice, preference=opposite)
    if choice.ranges:
        yield "drop the bounds of `where`", replace(choice, ranges=())
    if choice.tags:
        yield "drop the tags of `where`", replace(choice, tags=())


def _another(name: str, declarations: Declarations) -> str | None:
    """The next tier for a tier, the next model for a model."""
    names = list(declarations.tiers if name in declarations.tiers else declarations.models)
    others = [other for other in names if other != name]
    following = names[names.index(name) + 1 :] if name in names else []
    return next(iter((*following, *others)), None)


def _said(link: Link) -> str:
    match link:
        case Named(name=name):
            return name
        case Choice(preference=preference):
            return preference.value
        case Split():
            return "split"
    return "requested"


def _without(modifiers: Modifiers) -> Iterator[tuple[str, str, Modifiers]]:
    """The modifiers with one gone; of those that hold several entries, one entry at a time."""
    for key in modifiers_set(modifiers):
        value = getattr(modifiers, key)
        if key in _BY_ENTRY:
            for name, left in _fewer(value):
                yield f"drop `{name}` from `{key}`", key, replace(modifiers, **{key: left})
        else:
            gone: dict[str, Any] = {key: None}
            yield f"drop `{key}`", key, replace(modifiers, **gone)


def _fewer(value: Mapping[str, Any] | tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, tuple):
        for name in value:
            yield name, tuple(other for other in value if other != name)
    else:
        for name in value:
            yield name, {other: one for other, one in value.items() if other != name} or None
