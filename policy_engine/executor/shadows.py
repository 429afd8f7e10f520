"""Shadows at work: a bounded queue and a few threads beside the requests, which never wait for them."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from policy_engine.executor.drive import drive_to_end
from policy_engine.executor.shadow import ShadowJob, shadow_of, shadowing
from policy_engine.executor.shadow_money import ShadowMoney, shadow_budget
from policy_engine.executor.world import LiveWorld
from policy_engine.model.effect import Shadow
from policy_engine.model.events import Emit, ShadowDropped, ShadowFailed, harmless
from policy_engine.model.shadow import ShadowPlan, ShadowResult
from policy_engine.state.process import PerProcess
from policy_engine.state.state import State

MOST_WAITING = 256
"""How many shadows may wait; one more is dropped."""

MOST_WORKERS = 4
IDLE_S = 2.0
"""How long a thread waits for more to do before it ends."""

FULL = "too many are waiting"
CLOSED = "the engine was closed"


@dataclass(frozen=True, slots=True)
class _Work:
    job: ShadowJob
    shadow: Shadow
    plan: ShadowPlan


@dataclass(slots=True)
class _Queue:
    """What waits in this process, and who works; all under `changed`."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    waiting: deque[_Work] = field(default_factory=deque)
    workers: int = 0
    busy: int = 0
    asked: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


class Shadows:
    """
    Asks shadows off the callers' time, across generations of policies. Safe under threads, asyncio and fork: a forked
    child has a queue of its own, and what waits in its parent is the parent's.

    Args:
        state: where the shadows' budgets are counted.
        on_shadow: takes each result, in a thread of the shadows'.
        emit: told of shadows that were dropped or broke down.
    """

    def __init__(
        self,
        *,
        state: State,
        on_shadow: Callable[[ShadowResult], object],
        emit: Emit | None = None,
        most_waiting: int = MOST_WAITING,
        most_workers: int = MOST_WORKERS,
    ) -> None:
        self._state = state
        self._on_shadow = on_shadow
        self._emit = harmless(emit)
        self._most_waiting = most_waiting
        self._most_workers = most_workers
        self._queues = PerProcess(_Queue)

    @property
    def asked(self) -> int:
        """How many shadows were asked in this process."""
        return self._queues.get().asked

    @property
    def dropped(self) -> Mapping[str, int]:
        """How many were not, by reason."""
        queue = self._queues.get()
        with queue.changed:
            return dict(queue.dropped)

    def offer(self, job: ShadowJob) -> None:
        """Takes a request that was answered, if its shadow is to be asked. Never waits."""
        found = shadow_of(job)
        if found is None:
            return
        queue = self._queues.get()
        with queue.changed:
            is_full = len(queue.waiting) >= self._most_waiting
            if not is_full:
                queue.waiting.append(_Work(job, *found))
                queue.changed.notify()
                self._hire(queue)
        if is_full:
            self._drop(queue, FULL)

    def close(self, drain_s: float = 5.0) -> None:
        """Waits until all are done, at most so many seconds; what still waits then is dropped. It can be used again."""
        queue = self._queues.made()
        if queue is None:
            return
        with queue.changed:
            queue.changed.wait_for(lambda: not queue.waiting and not queue.busy, drain_s)
            left = len(queue.waiting)
            queue.waiting.clear()
        for _ in range(left):
            self._drop(queue, CLOSED)

    def _hire(self, queue: _Queue) -> None:
        """One more thread, if those that are not busy are too few for what waits."""
        if queue.workers < self._most_workers and queue.workers - queue.busy < len(queue.waiting):
            queue.workers += 1
            threading.Thread(target=self._work, args=(queue,), name="policy_engine-shadow", daemon=True).start()

    def _work(self, queue: _Queue) -> None:
        while (work := self._next(queue)) is not None:
            try:
                self._ask(work, queue)
            except Exception as error:  # noqa: BLE001  a shadow must hurt nobody, and it is told
                self._emit(ShadowFailed(reason=f"it raised `{type(error).__name__}`", error=error))
            with queue.changed:
                queue.busy -= 1
                queue.changed.notify_all()

    def _next(self, queue: _Queue) -> _Work | None:
        with queue.changed:
            if not queue.changed.wait_for(lambda: queue.waiting, IDLE_S):
                queue.workers -= 1
                return None
            queue.busy += 1
            return queue.waiting.popleft()

    def _ask(self, work: _Work, queue: _Queue) -> None:
        job, declarations = work.job, work.job.policy_set.declarations
        budget = shadow_budget(self._state, work.plan.rule, work.shadow.budget, declarations.zone)
        money = ShadowMoney(budget, job.facts, emit=self._emit)
        world = LiveWorld(job.provider_of, job.policy_set.cards, money, facts=job.facts, learn=job.learn)
        run = shadowing(job, work.shadow, work.plan, now_s=time.monotonic(), at_s=time.time())
        result = drive_to_end(run, world)
        if isinstance(result, str):
            self._drop(queue, result)
            return
        with queue.changed:
            queue.asked += 1
        self._on_shadow(result)

    def _drop(self, queue: _Queue, reason: str) -> None:
        with queue.changed:
            queue.dropped[reason] += 1
            dropped = queue.dropped[reason]
        if dropped & (dropped - 1) == 0:  # the 1st, 2nd, 4th, 8th… time
            self._emit(ShadowDropped(reason=reason, dropped=dropped))
