"""
A gate that asks another model: an answer is accepted if a judge finds that it will do, and the judge is paid, too.

The models are made up, so nothing is sent and nothing is paid; what it would cost is counted all the same.

    python examples/judge_gate.py
"""

from __future__ import annotations

from pathlib import Path

from policy_engine import Engine, Request

POLICIES = Path(__file__).parent / "policies_judge"
QUESTION = "How do I get my boots back once they are mended?"


def main() -> None:
    """Prints every call of two requests: who was asked for what, what the gate said, and what it cost."""
    with Engine.open(POLICIES) as engine:
        for task in ("strict", "lenient"):
            outcome = engine.complete(Request(task=task, input=QUESTION))
            print(f"{task}: {outcome.text}")
            for call in outcome.calls:
                gate = "" if call.verdict is None else f", gate {call.verdict} {' '.join(call.reasons)}".rstrip()
                print(f"  {call.purpose:<7}{call.model:<7}${call.cost_usd}{gate}")
            print(f"  {outcome.status}, {outcome.escalations} escalations, ${outcome.cost_usd}")


if __name__ == "__main__":
    main()
