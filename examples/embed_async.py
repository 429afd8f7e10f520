"""
Decides many requests at once under asyncio; what a shop has spent today is looked up while they wait.

    python examples/embed_async.py
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from policy_engine import Engine, Request

POLICIES = Path(__file__).parents[1] / "policies"
SPENT_USD = {"trailkids": 49.0, "northwind-us": 12.5}
DAILY_USD = 50.0

asked: Counter[str] = Counter()


async def spent_today(request: Request) -> dict[str, float] | None:
    """What the request's shop has used of its budget, as from a database; None, which is unknown, without a shop."""
    asked["budget.tenant_daily"] += 1
    await asyncio.sleep(0.01)
    spent = SPENT_USD.get(request.attributes.get("tenant", ""))
    return None if spent is None else {"used": spent / DAILY_USD, "left": DAILY_USD - spent}


async def main() -> None:
    """Prints how the same question of several shops is routed, and how often the budget was looked up."""
    async with Engine.open(POLICIES, signals={"budget.tenant_daily": spent_today}) as engine:
        question = "How do I wash the down jacket without ruining it?"
        shops = ["northwind-us", "trailkids", "unheard-of"]
        requests = [
            Request(id=shop, task="generate_reply", input=question, attributes={"plan": "pro", "tenant": shop})
            for shop in shops
        ]
        # A contract is decided before any rule about budgets is reached, so nothing is looked up for it.
        requests.append(Request(id="a contract", task="analyze_contract", input="…", attributes={"plan": "pro"}))
        for decision in await asyncio.gather(*(engine.decide_async(request) for request in requests)):
            print(f"{decision.id:<14}{decision.effect} by {decision.rule} → {decision.model}")
    print(f"budget looked up {asked['budget.tenant_daily']} times for {len(requests)} requests")


if __name__ == "__main__":
    asyncio.run(main())
