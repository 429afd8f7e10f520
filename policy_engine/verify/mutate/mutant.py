"""One change to a policy: what it says, where it is made, and the policy that it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from policy_engine.diagnostics import Address
from policy_engine.model.policy import Policy


class Part(StrEnum):
    """What is changed."""

    CONDITION = "condition"
    THRESHOLD = "threshold"
    VALUE = "value"
    ORDER = "order"
    EFFECT = "effect"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """
    A policy with one change.

    `text` says what was changed, in the author's words; `owner` is the rule, named condition, score or cascade that it
    is made in; `rules` are the addresses of the rules whose trying it can change; `is_default` tells that it changes
    what `default` does.
    """

    part: Part
    text: str
    owner: str
    address: Address
    policy: Policy = field(repr=False)
    rules: frozenset[Address]
    is_default: bool = False
