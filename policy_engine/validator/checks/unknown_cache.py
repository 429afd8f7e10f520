"""
unknown-cache: a condition, an answer or `remember` names a cache that nothing declares.

Avoid:
    caches:
      support: {kind: exact, ttl: 7d}
    rules:
      - {name: remember-replies, when: {task: generate_reply}, then: {remember: suport}}
Prefer:
    caches:
      support: {kind: exact, ttl: 7d}
    rules:
      - {name: remember-replies, when: {task: generate_reply}, then: {remember: support}}
Why:
    What a cache may hold, for how long and for whom is declared under `caches`. A name without a declaration would
    look up nothing and remember nothing, and the bill would be the first to tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part
from policy_engine.model.condition import Test
from policy_engine.model.effect import Respond, Then
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE306"
NAME = "unknown-cache"
SUBJECTS = ("cache", Respond, Then)


def check(part: Test | Respond | Then, site: Site) -> Iterator[Finding]:
    """The finding that the cache is not declared, if so."""
    used = _cache_in(part)
    if used is not None and used[0] not in site.around.declarations.caches:
        name, address, place = used
        namespace = Namespace(word="cache", sections={"caches": site.around.declarations.caches})
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=place)


def _cache_in(part: Test | Respond | Then) -> tuple[str, Address, Part] | None:
    if isinstance(part, Test):
        return named_in(part)[1], address_of_name(part), Part.KEY
    if isinstance(part, Respond):
        return None if part.cache is None else (part.cache, part.address.child("cache"), Part.VALUE)
    remembered = part.modifiers.remember
    return None if remembered is None else (remembered, part.address.child("remember"), Part.VALUE)
