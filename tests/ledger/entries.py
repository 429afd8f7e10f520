"""Entries to hand to a ledger, and a program that does so for ever: `python -m tests.ledger.entries PATH COUNT`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from policy_engine.diagnostics import Address
from policy_engine.ledger.entry import Entry
from policy_engine.ledger.writer import Pace, Writer
from policy_engine.model.call import Failure, FailureKind, Usage
from policy_engine.model.decision import Decision, Notes, Origin, Skipped
from policy_engine.model.effect import Modifiers
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.plan import Plan, Target, Verdict
from policy_engine.model.policy import Attribute, AttributeType, Declarations, SignalDeclaration
from policy_engine.model.request import Request

ADDRESS = Address("policy.yaml", ())
AT_S = 1_764_000_000.25
MESSAGE = "Write to jo@example.org, please."
ANSWER = "Hello Jo"
DECLARED = Declarations(
    fingerprint="",
    tasks=("chat",),
    attributes={
        name: Attribute(name=name, type=AttributeType.STRING, address=ADDRESS, source=f"metadata:{name}")
        for name in ("email", "plan")
    },
    signals={"risk": SignalDeclaration(name="risk", type=AttributeType.NUMBER, address=ADDRESS)},
)
CALLS = (
    CallRecord(
        step=0,
        model="mini",
        tier="fast",
        usage=Usage(input_tokens=8, output_tokens=3, cached_input_tokens=4, cache_write_tokens=2),
        cost_usd=Decimal("0.0000001234"),
        elapsed_ms=12.5,
        first_token_ms=3.5,
        verdict="false",
        reasons=("output.confidence gte 0.85 does not hold",),
    ),
    CallRecord(
        step=1,
        model="sonnet",
        tier="workhorse",
        failure=Failure(kind=FailureKind.SERVER, message=f"cannot read {MESSAGE}", elapsed_s=1.0, status=500),
        cost_usd=Decimal(0),
    ),
    CallRecord(step=1, model="opus", tier="workhorse", cost_usd=Decimal("1.10")),
)


def decision(log: str | None = None, notes: Notes | None = None) -> Decision:
    """A decision of the rule `replies`."""
    verdict = Verdict(
        rule="replies",
        effect="cascade",
        plan=Plan(),
        modifiers=Modifiers(log=log, tags=("paid",)),
        first=Target("mini", "fast"),
        room=-1,
        address=ADDRESS,
    )
    notes = notes or Notes(
        unknown=("signal.risk",),
        errors=("attributes.plan: `7` is not text",),
        skipped=(Skipped(model="tiny", reason="it does not take tools"),),
    )
    return Decision(id="r1", origin=Origin(revision="sha256:abc", generation=3), verdict=verdict, notes=notes)


def facts(**more: Any) -> Facts:
    """The facts of a request with some signals."""
    sent: dict[str, Any] = {
        "id": "r1",
        "task": "chat",
        "input": MESSAGE,
        "session": "c1",
        "user": "u1",
        "attributes": {"email": "jo@example.org"},
    }
    known = Facts(Request(**{**sent, **more}), layout_of(DECLARED))
    return known.knowing({"signal.risk": UNKNOWN, "session": {"escalations": 2, "errors": 0}})


def outcome(**more: Any) -> Outcome:
    """An outcome of three calls."""
    made: Mapping[str, Any] = {"status": Status.ACCEPTED, "text": ANSWER, "calls": CALLS, "limit": "escalations"}
    return Outcome(decision=decision(), **{**made, **more})


def entry(name: str = "e1", *, log: str | None = None, at_s: float = AT_S, **more: Any) -> Entry:
    """An entry of a request that was carried out."""
    made: Mapping[str, Any] = {
        "decision": decision(log),
        "facts": facts(),
        "outcome": outcome(),
        "cache": "miss",
        "elapsed_ms": 1512.5,
    }
    return Entry(id=name, at_s=at_s, **{**made, **more})


def hand_in_for_ever(path: str, count: str) -> None:
    """Hands in entries, saying after each so many how many are in the file."""
    writer, number = Writer(path, pace=Pace(batch=50, linger_s=0.0), clock=lambda: AT_S), 0
    while True:
        for _ in range(int(count)):
            writer.record(entry(f"e{number}"))
            number += 1
        writer.flush()
        print(number, flush=True)


if __name__ == "__main__":
    hand_in_for_ever(*sys.argv[1:])
