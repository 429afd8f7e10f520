"""
Carries requests out: a fixed answer, a model, a cascade that goes up a step, and a budget that ends it.

The models are made up, so nothing is sent and nothing is paid; what it would cost is counted all the same.

    python examples/complete.py
"""

from __future__ import annotations

from pathlib import Path

from policy_engine import Engine, Request
from policy_engine.model.outcome import Outcome

POLICIES = Path(__file__).parent / "policies_complete"
QUESTION = "How do I get my boots back once they are mended?"


def main() -> None:
    """Prints what became of each request, and which models were called on the way."""
    with Engine.open(POLICIES) as engine:
        show(engine.complete(Request(task="faq", input="What are your opening hours?")))
        show(engine.complete(Request(task="faq", input=QUESTION)))
        for _ in range(4):
            show(engine.complete(Request(task="reply", input=QUESTION, attributes={"tenant": "northwind"})))
        show(engine.complete(Request(task="contract", input="Can we cancel early?")))

        print("\nin pieces:", end=" ")
        with engine.stream(Request(task="reply", input=QUESTION)) as answer:
            for chunk in answer:
                print(chunk.text, end="")
        assert answer.outcome is not None
        print(f"\n{answer.outcome.status} at ${answer.outcome.cost_usd}")


def show(outcome: Outcome) -> None:
    """Prints one outcome."""
    rule = outcome.decision.rule or "default"
    models = " → ".join(call.model for call in outcome.calls) or "no model"
    print(f"{outcome.status:<9}{rule:<14}{models:<14}${outcome.cost_usd:<8} {outcome.text or outcome.error}")


if __name__ == "__main__":
    main()
