"""The decision for one request: the graph asked again and again, with more facts each time, until it decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from policy_engine.evaluator.progress import Needs
from policy_engine.evaluator.run import run
from policy_engine.model.facts import UNKNOWN, Facts, utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.model.decision import Decision
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
    start = _run_traced if trace else run
    step = start(policy_set, facts)
    while isinstance(step, Needs):
        facts = _knowing(facts, step, _NOTHING if learn is None else learn(step.signals, facts))
        step = start(policy_set, facts)
    return _estimated(step, facts, policy_set) if estimate else step


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
    start = _run_traced if trace else run
    step = start(policy_set, facts)
    while isinstance(step, Needs):
        facts = _knowing(facts, step, await learn(step.signals, facts))
        step = start(policy_set, facts)
    return _estimated(step, facts, policy_set) if estimate else step


def decided(policy_set: PolicySet, facts: Facts, *, learn: Learn, trace: bool = False) -> tuple[Decision, Facts]:
    """The decision and the facts that it was made on in the end, for whoever carries it out."""
    start = _run_traced if trace else run
    while isinstance(step := start(policy_set, facts), Needs):
        facts = _knowing(facts, step, learn(step.signals, facts))
    return step, facts


async def decided_async(
    policy_set: PolicySet, facts: Facts, *, learn: LearnAsync, trace: bool = False
) -> tuple[Decision, Facts]:
    """The same as `decided`, with a `learn` that is awaited."""
    start = _run_traced if trace else run
    while isinstance(step := start(policy_set, facts), Needs):
        facts = _knowing(facts, step, await learn(step.signals, facts))
    return step, facts


def _knowing(facts: Facts, needs: Needs, learned: Mapping[str, Any]) -> Facts:
    """Facts grow with every turn, so the loop ends: what was not learned is known to be unknown."""
    return facts.knowing({group: learned.get(group, UNKNOWN) for group in needs.signals})


def _run_traced(policy_set: PolicySet, facts: Facts) -> Decision | Needs:
    # Only those who ask for a trace or an estimate should wait for what it needs.
    from policy_engine.evaluator.trace import run_traced

    return run_traced(policy_set, facts)


def _estimated(decision: Decision, facts: Facts, policy_set: PolicySet) -> Decision:
    from policy_engine.evaluator.estimate import estimate_of

    return decision.with_estimate(estimate_of(decision, facts, policy_set))
