"""
The engine: live policies of a folder, and decisions by them.

It joins what the layers below do: a store that says which policies are live, a watcher that keeps them in step with
the folder, and signals that are asked when a rule needs them.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from policy_engine.evaluator.decide import decide, decide_async
from policy_engine.model.facts import utc_now

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.executor.answer_stream import AnswerStream, AsyncAnswerStream
    from policy_engine.executor.carrier import Carrier
    from policy_engine.executor.carriers import Carriers
    from policy_engine.model.decision import Decision
    from policy_engine.model.events import Emit
    from policy_engine.model.facts import Facts
    from policy_engine.model.outcome import Outcome
    from policy_engine.model.request import Request
    from policy_engine.signals.call import SignalFunction
    from policy_engine.signals.live import LiveSignals
    from policy_engine.store.snapshot import ReloadOutcome, Snapshot, Status
    from policy_engine.store.store import Store
    from policy_engine.store.watch import Watcher


class Engine:
    """
    Decides by the policies of a folder, and takes over changes of it while it runs.

    Safe under threads, asyncio and fork. Made by `Engine.open`; to be closed, best by `with` or `async with`.
    """

    def __init__(
        self,
        store: Store,
        *,
        watcher: Watcher | None,
        signals: LiveSignals,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._watcher = watcher
        self._signals = signals
        self._clock = clock
        self._carriers: Carriers | None = None
        # A thread that still watches while the interpreter goes down would take it along.
        self._finish = weakref.finalize(self, _stop, watcher)
        if watcher is not None:
            watcher.start()

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        env: str | None = None,
        signals: Mapping[str, SignalFunction] | None = None,
        watch: bool = True,
        state_dir: str | os.PathLike[str] | None = None,
        on_event: Emit | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> Self:
        """
        An engine for a policy folder. Blocks until the policies are live.

        Args:
            folder: the bundle's folder.
            env: the environment whose `overlays/<env>/` apply.
            signals: functions that take a request and give the value of a signal, by its name: `risk` for one
                declared under `signals:`, dotted (`classifier.complexity`) for another. They may be coroutine
                functions. None as a value means unknown, as do an exception and a passed timeout.
            watch: whether changes of the folder go live by themselves; else only by `reload`.
            state_dir: where the last known good policies are kept, for a start while the folder is broken.
            on_event: told of reloads and failures (`policy_engine.model.events`), in the thread they happen in.
            clock: the present moment, for requests that do not say.

        Raises:
            BundleNotFound: there is no such folder, and no last known good.
            BundleInvalid: its policies have errors, and there is no last known good; carries the report.
        """
        # What is needed to open a folder is imported here, so that whoever imports the name alone does not wait for it.
        from policy_engine.signals.live import LiveSignals
        from policy_engine.state.memory import MemoryState
        from policy_engine.store.last_good import LastGood
        from policy_engine.store.store import Store
        from policy_engine.store.watch import Watcher

        live = LiveSignals(MemoryState(), functions=signals, on_event=on_event)
        last_good = None if state_dir is None else LastGood(state_dir, os.fspath(folder), env)
        store = Store(folder, env=env, last_good=last_good, on_event=on_event, clock=clock)
        watcher = Watcher(store, on_event=on_event) if watch else None
        return cls(store, watcher=watcher, signals=live, clock=clock)

    @property
    def snapshot(self) -> Snapshot:
        """What is live now."""
        return self._store.current

    @property
    def policy_set(self) -> PolicySet:
        """The live policies, to decide with by `policy_engine.decide`."""
        return self._store.current.policy_set

    def decide(self, request: Request, *, trace: bool = False) -> Decision:
        """
        The decision of the live policies about a request. No model is called.

        Asks signals, and blocks for that, only if some are registered and a rule that could still match needs them.

        Args:
            request: what is asked.
            trace: whether to say for each rule tried why it did or did not match.
        """
        policy_set = self._store.current.policy_set
        return decide(policy_set, request, learn=partial(self._learn, policy_set), clock=self._clock, trace=trace)

    async def decide_async(self, request: Request, *, trace: bool = False) -> Decision:
        """The same as `decide`, with signals asked in tasks at the same time."""
        policy_set = self._store.current.policy_set
        learn = partial(self._learn_async, policy_set)
        return await decide_async(policy_set, request, learn=learn, clock=self._clock, trace=trace)

    def complete(self, request: Request) -> Outcome:
        """
        Decides about a request and carries the decision out. Blocks until it is answered, refused, or has failed.

        What a model cannot give is in the outcome: it raises nothing for what a provider does. Budgets, escalations,
        latencies and sessions are counted in this process and known to the rules.
        """
        return self._carrier().complete(request)

    async def complete_async(self, request: Request) -> Outcome:
        """The same as `complete`, awaited."""
        return await self._carrier().complete_async(request)

    def stream(self, request: Request) -> AnswerStream:
        """
        The same as `complete`, in pieces as they come: iterate it, then ask its `outcome`.

        Steps of a cascade with a gate are whole before the caller sees anything; an answer that does not stream comes
        in one piece. Closing it before the end cancels the call.
        """
        return self._carrier().stream(request)

    def stream_async(self, request: Request) -> AsyncAnswerStream:
        """The same as `stream`, awaited."""
        return self._carrier().stream_async(request)

    def status(self) -> Status:
        """Revision, generation and age of what is live here, its files, and what is pending and why."""
        return self._store.status()

    def reload(self, *, force: bool = False) -> ReloadOutcome:
        """
        Takes over what the folder holds, and says what came of it; the live policies serve on if it cannot be used.

        Args:
            force: take it even if it looks like an accident, such as most rules being gone.
        """
        return self._store.reload(force=force)

    def rollback(self, revision: str | None = None) -> ReloadOutcome:
        """
        Goes back to earlier policies, until the folder changes once more or somebody reloads.

        Args:
            revision: which, or its beginning; None means those before the live ones.

        Raises:
            ValueError: this process has had no such policies lately.
        """
        return self._store.rollback(revision)

    def wait_for(self, predicate: Callable[[Status], bool], timeout_s: float) -> bool:
        """Blocks until the status is as wanted or the time is over; tells which."""
        return self._store.wait_for(lambda store: predicate(store.status()), timeout_s)

    def close(self) -> None:
        """Ends watching and closes connections; decisions go on by what is live. Closing twice is fine."""
        self._finish()
        if self._carriers is not None:
            self._carriers.close()

    def _learn(self, policy_set: PolicySet, groups: tuple[str, ...], facts: Facts) -> Mapping[str, object]:
        # Only here, since most decisions ask nothing and should not wait for what asks.
        return self._signals.of(policy_set).sources.resolve(groups, facts)

    async def _learn_async(self, policy_set: PolicySet, groups: tuple[str, ...], facts: Facts) -> Mapping[str, object]:
        return await self._signals.of(policy_set).sources.resolve_async(groups, facts)

    def _carrier(self) -> Carrier:
        if self._carriers is None:
            # Calling models needs an HTTP client; whoever only decides should not wait for it.
            from policy_engine.executor.carriers import Carriers

            self._carriers = Carriers(signals=self._signals, clock=self._clock)
        return self._carriers.carrier_of(self._store.current.policy_set)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from asyncio import to_thread

        if self._carriers is not None:
            await self._carriers.close_async()
        await to_thread(self.close)


def _stop(watcher: Watcher | None) -> None:
    if watcher is not None:
        watcher.stop()
