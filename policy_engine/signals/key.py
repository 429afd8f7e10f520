"""Names under which counters are kept, for what is counted apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b

from policy_engine.model.facts import Facts


def key_of(section: str, name: str, *parts: object) -> str:
    """
    A key for these JSON values: short whatever they are, different where they differ, and not telling them.

    `section` and `name` stand in it as they are.
    """
    digest = blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
    return f"{section}/{name}/{digest}"


def scope_values(scope: Sequence[str], facts: Facts) -> tuple[object, ...]:
    """What a request has for each name of a scope (`session`, `user`, or an attribute); None where it has nothing."""
    return tuple(_value(name, facts) for name in scope)


def _value(name: str, facts: Facts) -> object:
    if name in ("session", "user"):
        return getattr(facts.request, name)
    return facts.attributes.get(name.removeprefix("attributes."))
