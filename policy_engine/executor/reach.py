"""Counters that cannot be reached, where the policies refuse what cannot be counted (`on_state_error: deny`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome, Status
from policy_engine.signals.counters import Counters
from policy_engine.signals.source import Sources

HTTP_STATUS = 503
"""What a server says where counters cannot be reached."""


class StateUnreachable(Exception):
    """A request is not carried out any further, since it could not be counted. The carrier makes it a refusal."""


def unreachable(facts: Facts, sources: Sources, counters: Counters) -> str | None:
    """The first counter that was asked about a request and could not be read; None if all could."""
    groups = (error.partition(": ")[0] for error in facts.errors)
    return next((group for group in groups if _is_counted(group, facts, sources, counters)), None)


def refusal(decision: Decision, left: Sequence[Outcome], error: StateUnreachable) -> Outcome:
    """
    What a request comes to that cannot be counted.

    Args:
        left: what it had come to by then, if anything.
    """
    outcome = left[0] if left else Outcome(decision=decision, status=Status.DENIED)
    return replace(
        outcome,
        status=Status.DENIED,
        error=f"requests are not carried out while counters cannot be reached: {error}",
        http_status=HTTP_STATUS,
        uncounted=True,
    )


def _is_counted(group: str, facts: Facts, sources: Sources, counters: Counters) -> bool:
    section, _, name = group.partition(".")
    supplied = facts.request.signals.get(section)
    is_supplied = supplied is not None and (section == "session" or name in supplied)
    return not is_supplied and sources.source_of(group) is counters
