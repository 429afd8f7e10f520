"""The decision for one request: the graph asked again and again, with more facts each time, until it decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.conclude import Needs
from policy_engine.evaluator.estimate import estimate_of
from policy_engine.evaluator.run import run
from policy_engine.evaluator.trace import run_traced
from policy_engine.model.decision import Decision
from policy_engine.model.facts import UNKNOWN, Facts, utc_now
from policy_engine.model.request import Request

Learn = Callable[[tuple[str, ...], Facts], Mapping[str, Any]]
LearnAsync = Callable[[tuple[str, ...], Facts], Awaitable[Mapping[str, Any]]]

_NOTHING: Mapping[str, Any] = {}


def decide(
    policy_set: PolicySet,
    request: Request,
    *,
    learn: Learn | None = None,
    clock: Callable[[], datetime] = utc_now,
    trace: bool = False,
    estimate: bool = False,
) -> Decision:
    """
    The decision of these policies about a request. No model is called.

    Args:
        policy_set: from `build`.
        request: what is asked.
        learn: gives values for the signals of these groups (`cache.support`); those it leaves out are unknown.
            Without it, signals come from the request alone.
        clock: what time it is, for a request that does not say.
        trace: whether to say for each rule tried why it did or did not match.
        estimate: whether to say what the first call is expected to cost and take.
    """
    facts = Facts(request, policy_set.layout, clock)
    start = run_traced if trace else run
    step = start(policy_set, facts)
    while isinstance(step, Needs):
        facts = _knowing(facts, step, _NOTHING if learn is None else learn(step.signals, facts))
        step = start(policy_set, facts)
    return step.with_estimate(estimate_of(step, facts, policy_set)) if estimate else step


async def decide_async(
    policy_set: PolicySet,
    request: Request,
    *,
    learn: LearnAsync,
    clock: Callable[[], datetime] = utc_now,
    trace: bool = False,
    estimate: bool = False,
) -> Decision:
    """The same as `decide`, with a `learn` that is awaited."""
    facts = Facts(request, policy_set.layout, clock)
    start = run_traced if trace else run
    step = start(policy_set, facts)
    while isinstance(step, Needs):
        facts = _knowing(facts, step, await learn(step.signals, facts))
        step = start(policy_set, facts)
    return step.with_estimate(estimate_of(step, facts, policy_set)) if estimate else step


def _knowing(facts: Facts, needs: Needs, learned: Mapping[str, Any]) -> Facts:
    """Facts grow with every turn, so the loop ends: what was not learned is known to be unknown."""
    return facts.knowing({group: learned.get(group, UNKNOWN) for group in needs.signals})
