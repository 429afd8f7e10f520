"""Admissions: requests that were let in under a limit which they share with others, until it is known what they did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from policy_engine.state.state import Ceiling, State

UNDER_WAY_S = 600.0
"""How long a request counts as under way that never ends, such as one of a process that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """
    Whether a request is let in, decided and counted in one step.

    Attributes:
        lease: what is held for it in the state; None if it is not let in.
        counters: what is held of, and what it may be settled in.
    """

    lease: str | None
    counters: tuple[str, ...] = ()

    @property
    def is_granted(self) -> bool:
        """Whether it is let in."""
        return self.lease is not None


def admission(
    state: State, amounts: Mapping[str, int], ceiling: Ceiling, *, now_s: float, counted_s: float
) -> Admission:
    """
    Lets a request in that holds these amounts while it is under way, unless counters are above a ceiling.

    Args:
        counted_s: how long the counters live from now on.

    Raises:
        StateError: the state cannot be used, and nothing is held.
    """
    lease = uuid4().hex
    is_held = state.admit(
        lease,
        amounts,
        ceiling=ceiling,
        now_s=now_s,
        until_s=now_s + UNDER_WAY_S,
        counted_until_s=now_s + max(counted_s, UNDER_WAY_S),
    )
    return Admission(lease=lease if is_held else None, counters=tuple(amounts))
