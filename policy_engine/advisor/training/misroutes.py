"""Examples that the ledger holds: messages of cascades, with the tier whose answer was accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policy_engine.advisor.training.examples import Example, Naming
from policy_engine.ledger.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """
    What a ledger teaches a classifier of tiers.

    Attributes:
        examples: messages whose answer a gate accepted, with the tier that gave it.
        misroutes: how many of them were escalated, and so began too low.
        unaccepted: misroutes that no tier answered well enough, and that teach nothing.
        untold: records that say a tier, but whose message was not kept.
    """

    examples: tuple[Example, ...]
    misroutes: int
    unaccepted: int
    untold: int


def lessons_of(records: Iterable[Record], naming: Naming) -> Lessons:
    """
    What the records of a ledger teach.

    Only gates tell whether an answer was good enough: a record counts if one of them judged. The last step of a cascade
    often has none; its answer counts where an earlier step was escalated from.
    """
    examples: list[Example] = []
    misroutes = unaccepted = untold = 0
    for record in records:
        judged = [call for call in record.calls if call.purpose == "answer" and call.verdict is not None]
        if not judged:
            continue
        label = _accepted(record, naming)
        if label is None:
            unaccepted += 1
        elif record.message is None:
            untold += 1
        else:
            examples.append(Example(text=record.message, label=label, task=record.task))
            misroutes += record.escalations > 0
    return Lessons(examples=tuple(examples), misroutes=misroutes, unaccepted=unaccepted, untold=untold)


def _accepted(record: Record, naming: Naming) -> str | None:
    """The label for the tier whose answer was given and accepted; None if there is none."""
    if record.status != "accepted" or record.answered_by is None:
        return None
    given = [call for call in record.calls if call.purpose == "answer" and call.model == record.answered_by]
    tier = given[-1].tier if given else None
    if tier in naming.labels:
        return tier
    return naming.of_model(record.answered_by)
