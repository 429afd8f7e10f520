"""
Rules that ask a function of your own: how risky is this refund?

    python examples/custom_signal.py
"""

from __future__ import annotations

from pathlib import Path

from policy_engine import Engine, Request

POLICIES = Path(__file__).parent / "policies_signal"
RISKS = {"u-regular": 0.05, "u-new": 0.5, "u-chargebacks": 0.93}

asked: list[str | None] = []


def risk(request: Request) -> float:
    """The share of refunds of this person that were fraud, as a fraud desk might keep it."""
    asked.append(request.user)
    if request.user is None:
        raise LookupError("nobody to look up")
    return RISKS[request.user]


def main() -> None:
    """Prints each decision and whether the function was asked for it."""
    requests = [Request(task="faq", input="How long do refunds take?", user="u-regular")]
    requests += [Request(task="refund", input="I want my money back.", user=user) for user in (*RISKS, None)]
    with Engine.open(POLICIES, signals={"risk": risk}) as engine:
        for request in requests:
            before = len(asked)
            decision = engine.decide(request)
            print(
                f"{request.task:<7} {request.user or '(nobody)':<14} "
                f"{decision.effect} by {decision.rule or 'default'}, "
                f"{'asked' if len(asked) > before else 'not asked'}, "
                f"unknown: {', '.join(decision.unknown) or 'nothing'}"
            )


if __name__ == "__main__":
    main()
