"""
mismatched-value: a value of another type than the fact, attribute or signal it belongs to.

Avoid:
    rules:
      - {name: paying, when: {attributes: {plan: true}}, then: {route: workhorse}}
Prefer:
    rules:
      - {name: paying, when: {attributes: {plan: pro}}, then: {route: workhorse}}
Why:
    Values are never converted: the text `"3"` is not the number 3, and `true` is not the text `"true"`. Comparing
    across types is false for every request, and a default or a choice of the wrong type could never be sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, RelatedAddress, Severity
from policy_engine.model.condition import Scalar, Test
from policy_engine.model.policy import Attribute, AttributeType, Declarations, SignalDeclaration
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import Fact
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import named_in, values_in

CODE = "PE320"
NAME = "mismatched-value"
SUBJECTS = ("attributes", "signal", Declarations)
_COMPARING = ("lt", "lte", "gt", "gte")
_OPERATORS = frozenset(("eq", "ne", "in", "not_in", "exists", *_COMPARING))


def check(part: Test | Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each value whose type does not fit."""
    if isinstance(part, Test):
        yield from _in_test(part, site)
        return
    for attribute in part.attributes.values():
        yield from _in_enum(attribute)
        yield from _in_default(attribute)
    for signal in part.signals.values():
        yield from _in_enum(signal)


def _in_test(test: Test, site: Site) -> Iterator[Finding]:
    fact = site.around.facts[test.fact]
    if fact is None or test.op not in _OPERATORS:
        return
    if test.op in _COMPARING and not fact.kind.is_numeric:
        return  # told by `wrong-operator`
    for value, address in values_in(test):
        problem = _problem(value, test, fact)
        if problem is not None:
            yield _finding(problem, address, _declared_at(test, site), _help_in_test(value, test, fact))


def _problem(value: Scalar, test: Test, fact: Fact) -> str | None:
    if test.op == "exists":
        return None if isinstance(value, bool) else f"`exists` takes `true` or `false`, not `{_shown(value)}`"
    if fact.kind is Kind.TEXT and not isinstance(value, str):
        return f"`{fact.name}` is text, and `{_shown(value)}` is {_word(value)}"
    if fact.kind is Kind.BOOLEAN and not isinstance(value, bool):
        return f"`{fact.name}` is true or false, and `{_shown(value)}` is {_word(value)}"
    if fact.kind.is_numeric and isinstance(value, bool):
        return f"`{fact.name}` is a number, and `{_shown(value)}` is {_word(value)}"
    if fact.integral and isinstance(value, float) and not value.is_integer():
        return f"`{fact.name}` is a whole number, which `{value}` is not"
    return None


def _declared_at(test: Test, site: Site) -> tuple[RelatedAddress, ...]:
    section, name = named_in(test)
    declarations = site.around.declarations
    declared = declarations.attributes.get(name) if section == "attributes" else None
    declared_signal = declarations.signals.get(name) if section == "signal" else None
    place = declared or declared_signal
    if place is None:
        return ()
    return (RelatedAddress(address=place.address.child("type"), message="its type is declared here"),)


def _in_enum(declared: Attribute | SignalDeclaration) -> Iterator[Finding]:
    for position, value in enumerate(declared.enum or ()):
        if declared.type is not AttributeType.LIST and not fits(value, declared.type):
            message = f"`{declared.name}` is {_TYPE_WORDS[declared.type]}, and `{_shown(value)}` is {_word(value)}"
            yield _finding(message, declared.address.child("enum", position), (), _help(value, declared.type))


def _in_default(attribute: Attribute) -> Iterator[Finding]:
    default = attribute.default
    if default is None:
        return
    is_list = isinstance(default, tuple)
    if is_list != (attribute.type is AttributeType.LIST) or not (is_list or fits(default, attribute.type)):
        message = f"`{attribute.name}` is {_TYPE_WORDS[attribute.type]}, and its default is {_word(default)}"
        yield _finding(message, attribute.address.child("default"), (), _help(default, attribute.type))


def fits(value: object, wanted: AttributeType) -> bool:
    """Whether one value has a type; a list is never one value."""
    if wanted is AttributeType.BOOLEAN or isinstance(value, bool):
        return isinstance(value, bool) and wanted is AttributeType.BOOLEAN
    if wanted is AttributeType.STRING:
        return isinstance(value, str)
    if wanted is AttributeType.INTEGER:
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, int | float) and wanted is AttributeType.NUMBER


_TYPE_WORDS = {
    AttributeType.STRING: "text",
    AttributeType.INTEGER: "a whole number",
    AttributeType.NUMBER: "a number",
    AttributeType.BOOLEAN: "true or false",
    AttributeType.LIST: "a list",
}


def _finding(message: str, address: Address, related: tuple[RelatedAddress, ...], help: str) -> Finding:
    return Finding(
        code=CODE, name=NAME, severity=Severity.ERROR, message=message, address=address, help=help, related=related
    )


def _help_in_test(value: Scalar, test: Test, fact: Fact) -> str:
    if test.op == "exists" or fact.kind is Kind.BOOLEAN:
        return _help(value, AttributeType.BOOLEAN)
    if fact.kind is Kind.TEXT:
        return _help(value, AttributeType.STRING)
    return _help(value, AttributeType.INTEGER if fact.integral else AttributeType.NUMBER)


def _help(value: object, wanted: AttributeType) -> str:
    if wanted is AttributeType.BOOLEAN:
        written = str(value).lower()
        return f"write `{_YES_NO[written]}`" if written in _YES_NO else "write `true` or `false`"
    if wanted is AttributeType.STRING and not isinstance(value, tuple):
        return f'write `"{_shown(value)}"`'
    return f"write {_TYPE_WORDS[wanted]}, or declare another `type`"


_YES_NO = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, tuple):
        return "a list"
    return "text" if isinstance(value, str) else "a number"


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
