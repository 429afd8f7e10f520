"""
cascade-never-pays: asking a cascade's cheap step first costs more than asking the next one at once.

Avoid:
    cascades:
      careful:
        steps: [{route: opus, accept: {output: {chars: {gte: 40}}}}, {route: sonnet}]
        limits: {cost: $0.05}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Prefer:
    cascades:
      careful:
        steps: [{route: mini, accept: {output: {chars: {gte: 40}}}}, {route: sonnet}]
        limits: {cost: $0.05}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Why:
    A step pays as long as no more than 1 - (cheap + gate) / dear of its answers are thrown away, by the prices of the
    two models and of a judge, if one decides. Where that is 0, it never pays, whatever share escalates. Where it is
    less than the escalation rate that the cascade allows itself, it may run at a loss without any limit speaking. Both
    are told only if they hold for short, middling and long calls.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping

from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.catalogue.break_even import break_even_rate
from policy_engine.compiler.atoms import Judged
from policy_engine.compiler.graph import Node, leaves
from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.model.plan import Card, FastestTarget, Plan, PlanStep, SplitTarget, Target
from policy_engine.model.policy import Cascade
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

CODE = "PE511"
NAME = "cascade-never-pays"
SEVERITY = Severity.WARNING

SIZES = ((100, 100), (1_000, 250), (8_000, 500))
"""Input and output tokens of short, middling and long calls."""

JUDGE_TOKENS = (150, 5)
"""Input tokens of a judge besides request and answer, and its output tokens."""


def find(study: Study) -> Iterator[Finding]:
    """One finding for each step of a cascade that is not worth asking."""
    plans = {rule.verdict.plan.cascade: rule.verdict.plan for rule in study.rules if rule.verdict is not None}
    default = study.policy_set.default.plan
    plans.setdefault(default.cascade, default)
    for name, cascade in study.policy_set.declarations.cascades.items():
        plan = plans.get(name)
        if plan is not None:
            yield from _in_cascade(cascade, plan, study)


def _in_cascade(cascade: Cascade, plan: Plan, study: Study) -> Iterator[Finding]:
    cards = study.policy_set.cards
    for number, (step, following) in enumerate(zip(plan.steps, plan.steps[1:], strict=False)):
        best = _best_rate(step, following, study)
        if best is None or step.gate is None:
            continue
        allowed = _allowed(cascade) if number == 0 else None
        if best > 0 and (allowed is None or allowed <= best):
            continue
        dear = _models(following, cards)
        message = (
            f"this step of cascade `{cascade.name}` never pays: it costs as much as the next step alone"
            if best <= 0
            else f"cascade `{cascade.name}` may let {allowed:.0%} escalate, but pays only up to {best:.0%}"
        )
        yield finding(
            sys.modules[__name__],
            message,
            cascade.steps[number].address,
            help=f"begin with a cheaper model, or route to `{dear[0].name}` at once"
            if best <= 0
            else f"lower `escalation_rate` to {best:.0%}, or begin with a cheaper model",
            related=[RelatedAddress(address=cascade.steps[number + 1].address, message="the next step")],
        )


def _best_rate(step: PlanStep, following: PlanStep, study: Study) -> float | None:
    """The highest break-even rate for any size of call, the step at its cheapest; None if a price is unknown."""
    cards = study.policy_set.cards
    cheap, dear = _models(step, cards), _models(following, cards)
    judges = [cards[leaf.atom.model] for leaf in _leaves_of(step) if isinstance(leaf.atom, Judged)]
    rates = []
    for sent, answered in SIZES:
        own = [_usd(card, sent, answered) for card in cheap]
        other = [_usd(card, sent, answered) for card in dear]
        gate = [_usd(card, JUDGE_TOKENS[0] + sent + answered, JUDGE_TOKENS[1]) for card in judges]
        costs = (*own, *other, *gate)
        if not own or not other or any(cost is None for cost in costs):
            return None
        known = [[cost for cost in part if cost is not None] for part in (own, other, gate)]
        rates.append(break_even_rate(min(known[0]), max(known[1]), sum(known[2])))
    # Where everything is free of charge there is nothing to pay for.
    return None if all(_usd(card, 1, 1) == 0 for card in (*cheap, *dear)) else max(rates)


def _leaves_of(step: PlanStep) -> Iterable[Node]:
    return () if step.gate is None else leaves(step.gate)


def _models(step: PlanStep, cards: Mapping[str, Card]) -> list[Card]:
    """The models that a step may ask first."""
    if not step.chain:
        return []
    link = step.chain[0]
    match link:
        case Target(model=model):
            return [cards[model]]
        case SplitTarget(options=options):
            return [cards[option[0].model] for option in options if option]
        case FastestTarget(candidates=candidates):
            return [cards[target.model] for target in candidates]
    return []


def _usd(card: Card, sent: int, answered: int) -> float | None:
    if card.input_price is None or card.output_price is None:
        return None
    return float(sent * card.input_price + answered * card.output_price) / 1e6


def _allowed(cascade: Cascade) -> float | None:
    """The share of requests that the cascade allows itself to escalate."""
    limit = cascade.limits.get("escalation_rate")
    try:
        return None if limit is None else float(parse_quantity(limit.max, Kind.SHARE))
    except QuantityError:
        return None
