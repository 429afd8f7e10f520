"""
unknown-attribute: a condition, a sample, a split or a scope names an attribute that is not declared.

Avoid:
    rules:
      - {name: paying, when: {attributes: {plann: pro}}, then: {route: workhorse}}
Prefer:
    rules:
      - {name: paying, when: {attributes: {plan: pro}}, then: {route: workhorse}}
Why:
    What callers may send is declared under `attributes`, so that conditions can be checked against it. An attribute
    that is not declared is never read from a request; a condition on it would be unknown for ever.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part
from policy_engine.model.condition import SampleTest, Test
from policy_engine.model.effect import Split, Stick
from policy_engine.model.policy import Declarations, Setting
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name

CODE = "PE303"
NAME = "unknown-attribute"
SUBJECTS = ("attributes", SampleTest, Split, Stick, Declarations)
_PREFIX = "attributes."
_ALWAYS_IN_SCOPE = ("id", "session", "user")


def check(part: Test | SampleTest | Split | Stick | Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each undeclared attribute."""
    attributes = site.around.declarations.attributes
    for name, address, place in _attributes_in(part):
        if name not in attributes:
            address = address_of_name(part) if isinstance(part, Test) else address
            namespace = Namespace(word="attribute", sections={"attributes": attributes})
            yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=place)


def _attributes_in(
    part: Test | SampleTest | Split | Stick | Declarations,
) -> Iterator[tuple[str, Address, Part]]:
    if isinstance(part, Test):
        yield part.fact.removeprefix(_PREFIX), part.address, Part.KEY
    elif isinstance(part, Declarations):
        for setting in (*part.caches.values(), *part.budgets.values()):
            yield from _in_scope(setting)
    elif part.by is not None and part.by.startswith(_PREFIX):
        yield part.by.removeprefix(_PREFIX), part.address.child("by"), Part.VALUE


def _in_scope(setting: Setting) -> Iterator[tuple[str, Address, Part]]:
    scope = setting.value.get("scope")
    for position, written in enumerate(scope if isinstance(scope, list) else ()):
        if isinstance(written, str) and written not in _ALWAYS_IN_SCOPE:
            yield written.removeprefix(_PREFIX), setting.address.child("scope", position), Part.VALUE
