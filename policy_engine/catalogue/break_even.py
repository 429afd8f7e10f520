"""When a cascade pays: the escalation rate above which asking the dear model at once is cheaper."""

from __future__ import annotations

import math


def break_even_rate(cheap_usd: float, dear_usd: float, gate_usd: float = 0.0) -> float:
    """
    Escalation rate above which a two-step cascade costs more than calling the dear model at once.

    A cascade costs cheap + gate + rate x dear; that equals dear at 1 - (cheap + gate) / dear.

    Args:
        cheap_usd, dear_usd: expected cost of one call, USD.
        gate_usd: expected cost of judging one cheap answer, USD.

    Returns:
        A share in [0, 1]; 0 if the cascade can never pay.

    Raises:
        ValueError: a cost is negative or not finite.
    """
    for cost in (cheap_usd, dear_usd, gate_usd):
        if not math.isfinite(cost) or cost < 0:
            raise ValueError(f"a cost must be a finite amount of USD from 0 up, not {cost}")
    if dear_usd == 0:
        return 0.0
    return min(1.0, max(0.0, 1.0 - (cheap_usd + gate_usd) / dear_usd))
