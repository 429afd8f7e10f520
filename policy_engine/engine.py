"""
The engine: live policies of a folder, and decisions by them.

It joins what the layers below do: a store that says which policies are live, a watcher that keeps them in step with
the folder, and signals that are asked when a rule needs them.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from policy_engine.evaluator.decide import decide, decide_async, decided, decided_async
from policy_engine.model.facts import Facts, utc_now
from policy_engine.state.process import PerProcess

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.executor.answer_stream import AnswerStream, AsyncAnswerStream
    from policy_engine.executor.carrier import Carrier
    from policy_engine.executor.carriers import Carriers
    from policy_engine.ledger.open import Ledger
    from policy_engine.ledger.writer import Writer, WriterStatus
    from policy_engine.model.decision import Decision
    from policy_engine.model.events import Emit
    from policy_engine.model.outcome import Outcome
    from policy_engine.model.request import Request
    from policy_engine.signals.call import SignalFunction
    from policy_engine.signals.live import LiveSignals
    from policy_engine.state.state import State
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
        ledger: tuple[Ledger, Writer] | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._watcher = watcher
        self._signals = signals
        self._writer = None if ledger is None else ledger[1]
        self._records_decisions = ledger is not None and ledger[0].decisions
        self._clock = clock
        self._carriers: Carriers | None = None
        self._first_call = PerProcess(threading.Lock)
        # A thread that still watches while the interpreter goes down would take it along.
        self._finish = weakref.finalize(self, _stop, watcher, signals)
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
        state: str | os.PathLike[str] | State | None = None,
        ledger: str | os.PathLike[str] | Ledger | None = None,
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
            state: where budgets, sessions and escalations are counted: `sqlite:///FILE` or a path, shared by all
                processes that open it and there after a restart; None or `memory:` for this engine alone. A `State`
                that somebody made is taken as it is, and closed with the engine.
            ledger: where every request that is carried out is written down: `sqlite:///FILE` or a path, or a `Ledger`
                that also says what is kept and how long.
            state_dir: where the last known good policies are kept, for a start while the folder is broken.
            on_event: told of reloads, requests that are over, and failures (`policy_engine.model.events`), in the
                thread they happen in.
            clock: the present moment, for requests that do not say.

        Raises:
            BundleNotFound: there is no such folder, and no last known good.
            BundleInvalid: its policies have errors, and there is no last known good; carries the report.
            ValueError: `state` or `ledger` is no address.
        """
        # What is needed to open a folder is imported here, so that whoever imports the name alone does not wait for it.
        from policy_engine.signals.live import LiveSignals
        from policy_engine.state.open import open_state
        from policy_engine.store.last_good import LastGood
        from policy_engine.store.store import Store
        from policy_engine.store.watch import Watcher

        kept_at = "memory:" if state is None else state
        kept = open_state(kept_at) if isinstance(kept_at, str | os.PathLike) else kept_at
        live = LiveSignals(kept, functions=signals, on_event=on_event)
        written = None if ledger is None else _opened(ledger, live.emit)
        last_good = None if state_dir is None else LastGood(state_dir, os.fspath(folder), env)
        store = Store(folder, env=env, last_good=last_good, on_event=on_event, clock=clock)
        watcher = Watcher(store, on_event=on_event) if watch else None
        return cls(store, watcher=watcher, signals=live, ledger=written, clock=clock)

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
        learn = partial(self._learn, policy_set)
        if not self._records_decisions:
            return decide(policy_set, request, learn=learn, clock=self._clock, trace=trace)
        facts = self._facts(request, policy_set)
        return self._noted(*decided(policy_set, facts, learn=learn, trace=trace))

    async def decide_async(self, request: Request, *, trace: bool = False) -> Decision:
        """The same as `decide`, with signals asked in tasks at the same time."""
        policy_set = self._store.current.policy_set
        learn = partial(self._learn_async, policy_set)
        if not self._records_decisions:
            return await decide_async(policy_set, request, learn=learn, clock=self._clock, trace=trace)
        facts = self._facts(request, policy_set)
        return self._noted(*await decided_async(policy_set, facts, learn=learn, trace=trace))

    def complete(self, request: Request) -> Outcome:
        """
        Decides about a request and carries the decision out. Blocks until it is answered, refused, or has failed.

        What a model cannot give is in the outcome: it raises nothing for what a provider does. What it cost, and how
        it went, is counted and known to the rules of the next request, and written to the ledger if there is one.
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

    def ledger_status(self) -> WriterStatus | None:
        """How writing to the ledger goes in this process: what waits, was written and was lost; None without one."""
        return None if self._writer is None else self._writer.status()

    def signal_failures(self) -> Mapping[str, int]:
        """How often signals and counters have failed in this process, by name."""
        return self._signals.failures.counts()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Blocks until all that was recorded by now is in the ledger, or the time is over; tells which."""
        return self._writer is None or self._writer.flush(timeout_s)

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
        """
        Ends watching, closes connections, and writes what is still to be written, which takes some seconds at most.

        Decisions go on by what is live. What is carried out afterwards is not recorded. Closing twice is fine.
        """
        if self._carriers is not None:
            self._carriers.close()
        if self._writer is not None:
            self._writer.close()
        self._finish()

    def _learn(self, policy_set: PolicySet, groups: tuple[str, ...], facts: Facts) -> Mapping[str, object]:
        # Only here, since most decisions ask nothing and should not wait for what asks.
        return self._signals.of(policy_set).sources.resolve(groups, facts)

    async def _learn_async(self, policy_set: PolicySet, groups: tuple[str, ...], facts: Facts) -> Mapping[str, object]:
        return await self._signals.of(policy_set).sources.resolve_async(groups, facts)

    def _facts(self, request: Request, policy_set: PolicySet) -> Facts:
        facts = Facts(request, policy_set.layout, self._clock)
        _ = facts.expenses  # there from the beginning, so that these facts share it with all that grow from them
        return facts

    def _noted(self, decision: Decision, facts: Facts) -> Decision:
        """The decision, handed to the ledger."""
        from policy_engine.ledger.entry import Entry

        if self._writer is not None:
            self._writer.record(Entry(decision=decision, facts=facts, at_s=facts.at.timestamp()))
        return decision

    def _carrier(self) -> Carrier:
        carriers = self._carriers
        return (carriers or self._made_carriers()).carrier_of(self._store.current.policy_set)

    def _made_carriers(self) -> Carriers:
        # Calling models needs an HTTP client; whoever only decides should not wait for it.
        from policy_engine.executor.carriers import Carriers

        with self._first_call.get():  # of many first calls at once one makes them
            if self._carriers is None:
                record = None if self._writer is None else self._writer.record
                self._carriers = Carriers(signals=self._signals, record=record, clock=self._clock)
            return self._carriers

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


def _opened(given: str | os.PathLike[str] | Ledger, emit: Emit) -> tuple[Ledger, Writer]:
    # Whoever keeps no ledger should not wait for SQLite.
    from policy_engine.ledger.open import ledger_at, open_writer

    ledger = ledger_at(given)
    return ledger, open_writer(ledger, on_event=emit)


def _stop(watcher: Watcher | None, signals: LiveSignals) -> None:
    if watcher is not None:
        watcher.stop()
    signals.close()
