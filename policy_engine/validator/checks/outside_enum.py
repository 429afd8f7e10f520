"""
outside-enum: a value that the declared choices of an attribute or signal do not include.

Avoid:
    rules:
      - {name: paying, when: {attributes: {plan: premium}}, then: {route: workhorse}}
Prefer:
    rules:
      - {name: paying, when: {attributes: {plan: [pro, enterprise]}}, then: {route: workhorse}}
Why:
    With an `enum`, any other value counts as unknown. So a comparison with a value outside it is never true, and a
    default outside it could not be told from one.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.model.condition import Scalar, Test, kinded
from policy_engine.model.policy import Attribute, AttributeType, Declarations, SignalDeclaration
from policy_engine.validator.suggestion import help_for_word, shown
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import named_in, values_in

CODE = "PE321"
NAME = "outside-enum"
SUBJECTS = ("attributes", "signal", Declarations)


def check(part: Test | Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each value outside the choices."""
    if isinstance(part, Declarations):
        for attribute in part.attributes.values():
            yield from _in_default(attribute)
        return
    declared = _declared(part, site)
    if declared is None or declared.enum is None:
        return
    if part.op in (("has",) if declared.type is AttributeType.LIST else ("eq", "ne", "in", "not_in")):
        for value, address in values_in(part):
            yield from _outside(value, declared, address)


def _declared(test: Test, site: Site) -> Attribute | SignalDeclaration | None:
    section, name = named_in(test)
    if section == "attributes":
        return site.around.declarations.attributes.get(name)
    return site.around.declarations.signals.get(name) if section == "signal" else None


def _in_default(attribute: Attribute) -> Iterator[Finding]:
    default = attribute.default
    if default is not None and attribute.enum is not None:
        values = default if isinstance(default, tuple) else (default,)
        for value in values:
            yield from _outside(value, attribute, attribute.address.child("default"))


def _outside(value: Scalar, declared: Attribute | SignalDeclaration, address: Address) -> Iterator[Finding]:
    choices = declared.enum or ()
    # A value of another type is told by `mismatched-value`.
    if kinded(value) in map(kinded, choices) or not any(type(choice) is type(value) for choice in choices):
        return
    place = declared.address.child("enum")
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"`{declared.name}` is never `{shown(value)}`",
        address=address,
        help=help_for_word(shown(value), [shown(choice) for choice in choices]),
        related=(RelatedAddress(address=place, message="its choices are declared here", part=Part.KEY),),
    )
