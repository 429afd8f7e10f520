"""
Decides a few requests by the policies of this repository, and says why for one of them.

    python examples/embed_sync.py
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from policy_engine import Decision, Request, build, decide

POLICIES = Path(__file__).parents[1] / "policies"
MOMENT = datetime(2026, 10, 6, 17, 30, tzinfo=UTC)  # requests may say when they are; else it is now
REQUESTS = (
    Request(task="faq", input="What are your opening hours on Sunday?"),
    Request(task="order_status", input="Where is my order #48210077?", attributes={"country": "CA"}),
    Request(task="classify_intent", input="I never got my second boot"),
    Request(task="analyze_contract", input="Can we cancel early?", attributes={"plan": "free"}),
    Request(input="Hello?"),
    Request(task="generate_reply", input="My tent's zip is stuck. Help?", attributes={"plan": "pro"}, at=MOMENT),
)


def main() -> int:
    """Prints a line for each request, and why the last was decided so. Gives 1 if the policies have errors."""
    result = build(POLICIES)
    if result.policy_set is None:
        for diagnostic in result.report.errors:
            print(diagnostic.headline(), file=sys.stderr)
        return 1
    for request in REQUESTS:
        print(f"{request.input:<45}{told(decide(result.policy_set, request))}")
    print("\nrules that matched the last one:")
    reasons(decide(result.policy_set, REQUESTS[-1], trace=True))
    return 0


def told(decision: Decision) -> str:
    """A decision on one line."""
    answer = decision.plan.answer or decision.plan.refusal
    by = decision.rule or "default"
    return f"{decision.effect} by {by}" + (f" → {decision.model}" if answer is None else "")


def reasons(decision: Decision) -> None:
    """Prints the rules that matched, in the order in which they were tried, and what made them match."""
    assert decision.trace is not None
    for rule in decision.trace.rules:
        if rule.result == "match":
            tests = (test.text for test in rule.tests if test.truth == "true")
            print(f"  {rule.rule:<18}{'; '.join(tests)}")


if __name__ == "__main__":
    sys.exit(main())
