"""When a cascade pays: the escalation rate above which asking the dear model at once is cheaper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from policy_engine.catalogue.break_even import break_even_rate
from policy_engine.compiler.atoms import Judged
from policy_engine.compiler.graph import leaves
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.judge import MAX_TOKENS
from policy_engine.executor.limits import bounds_of
from policy_engine.model.call import Usage
from policy_engine.model.plan import Card, Plan, PlanStep

JUDGE_OVERHEAD_TOKENS = 100
"""Input tokens of a judge beside the request and the answer: its task and its question."""

TYPICAL: Final = Usage(input_tokens=1_000, output_tokens=300)
"""The size of call that break-even rates are told for; the rate depends on it only through the mix of prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """
    A step of a cascade beside the next one.

    Attributes:
        cheap, dear: the first models of both steps.
        judges: the models that judge the cheap answer.
        rate: the share of escalations above which asking `dear` at once is cheaper; None if a price is unknown.
        limit: the cascade's own limit on that share, None without one.
    """

    cascade: str
    step: int
    cheap: str
    dear: str
    judges: tuple[str, ...]
    rate: float | None
    limit: float | None


def break_even_of(cheap: Card, dear: Card, *, call: Usage = TYPICAL, judges: tuple[Card, ...] = ()) -> float | None:
    """The break-even rate of two models for calls of a size, each cheap answer judged; None if a price is unknown."""
    cheap_usd, dear_usd = _usd(cheap, call), _usd(dear, call)
    read = call.input_tokens + call.output_tokens + JUDGE_OVERHEAD_TOKENS
    judged = [_usd(judge, Usage(input_tokens=read, output_tokens=MAX_TOKENS)) for judge in judges]
    known = [usd for usd in judged if usd is not None]
    if cheap_usd is None or dear_usd is None or len(known) < len(judged):
        return None
    return break_even_rate(float(cheap_usd), float(dear_usd), float(sum(known, Decimal(0))))


def break_evens(policy_set: PolicySet, *, call: Usage = TYPICAL) -> tuple[BreakEven, ...]:
    """The break-even of each pair of neighbouring steps, in every cascade that a rule or the default runs."""
    verdicts = [*(rule.verdict for rule in policy_set.rules), policy_set.default]
    plans = {verdict.plan.cascade: verdict.plan for verdict in verdicts if verdict is not None}
    return tuple(pair for name, plan in plans.items() if name is not None for pair in _of(name, plan, policy_set, call))


def _of(cascade: str, plan: Plan, policy_set: PolicySet, call: Usage) -> Iterator[BreakEven]:
    bound = bounds_of(plan.limits).escalation_rate
    for index, (step, following) in enumerate(pairwise(plan.steps)):
        if not step.targets or not following.targets:
            continue
        cheap, dear = (policy_set.cards[one.targets[0].model] for one in (step, following))
        judges = tuple(policy_set.cards[name] for name in _judges(step) if name in policy_set.cards)
        yield BreakEven(
            cascade=cascade,
            step=index,
            cheap=cheap.name,
            dear=dear.name,
            judges=tuple(judge.name for judge in judges),
            rate=break_even_of(cheap, dear, call=call, judges=judges),
            limit=None if bound is None else float(bound.amount),
        )


def _judges(step: PlanStep) -> tuple[str, ...]:
    """The models that judge a step's answers, each as often as it is asked."""
    asked = {} if step.gate is None else {leaf.atom: leaf.atom for leaf in leaves(step.gate)}
    questions = {(atom.model, atom.question): atom.model for atom in asked if isinstance(atom, Judged)}
    return tuple(questions.values())


def _usd(card: Card, call: Usage) -> Decimal | None:
    return card.rates(call.input_tokens).paid_usd(call)
