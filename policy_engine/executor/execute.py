"""A decision carried out, as a generator: it yields what it wants of the world and is sent what the world replies."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.order import AS_WRITTEN, Order
from policy_engine.executor.respond import rendered
from policy_engine.executor.steps import Steps
from policy_engine.model.call import Reply
from policy_engine.model.commands import Answer, Cancelled, Command, Lookup, Store
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome, Status

Execution: TypeAlias = Generator[Command, Answer, Outcome]


def execute(
    decision: Decision,
    facts: Facts,
    policy_set: PolicySet,
    *,
    now_s: float,
    began_s: float | None = None,
    streaming: bool = False,
    order: Order = AS_WRITTEN,
) -> Execution:
    """
    Carries a decision out.

    Args:
        decision: from the same policies and facts.
        now_s: the moment, seconds of the clock that replies carry.
        began_s: when the request came in, by the same clock, from which on its deadline runs; None for now.
        streaming: whether the caller wants the answer in pieces; steps with a gate are whole all the same.
        order: which models are tried first and last.

    Yields:
        Commands. After `Cancelled` is thrown in only `Settle` follows, and the outcome says what was called by then.

    Raises:
        Overtaken: nothing was called, and by its facts the policies would now decide otherwise.
    """
    plan = decision.plan
    if plan.refusal is not None:
        return Outcome(
            decision=decision, status=Status.DENIED, error=plan.refusal.message, http_status=plan.refusal.status
        )
    if plan.answer is not None and plan.answer.cache is None:
        text = rendered(plan.answer, facts)
        return Outcome(
            decision=decision, status=Status.ANSWERED, text=text, message={"role": "assistant", "content": text}
        )
    if plan.answer is not None and plan.answer.cache is not None:
        return (yield from _from_cache(decision, plan.answer.cache))
    steps = Steps(decision, facts, policy_set, now_s=now_s, began_s=began_s, streaming=streaming, order=order)
    try:
        outcome = yield from steps.run()
    except Cancelled:
        return steps.left()
    remember = decision.verdict.modifiers.remember
    if remember is not None and outcome.status is Status.ACCEPTED and steps.best is not None:
        yield Store(cache=remember, reply=steps.best)
    return outcome


def _from_cache(decision: Decision, cache: str) -> Execution:
    found = (yield Lookup(cache=cache)).value
    if not isinstance(found, Reply):
        return Outcome(decision=decision, status=Status.FAILED, error=f"the entry of cache `{cache}` is gone")
    return Outcome(decision=decision, status=Status.ANSWERED, text=found.text, message=found.message)
