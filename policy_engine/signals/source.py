"""Sources of signals, and how they are asked together: functions first, then what the product itself knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from policy_engine.errors import SignalError, StateError
from policy_engine.model.events import Emit, Event, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.state.aside import Aside, landed
from policy_engine.state.process import PerProcess

if TYPE_CHECKING:
    from concurrent.futures import Future

    from policy_engine.model.policy import Declarations
    from policy_engine.signals.registry import Registry

DEADLINE_S = 2.0
"""How long a decision waits for sources that look something up; what has not come by then is unknown."""


class Source(Protocol):
    """What can say something about some groups of signals (`budget.daily`, `cache.support`, `message.language`…)."""

    @property
    def blocking(self) -> bool:
        """Whether `resolve` may wait for a disk or a network; if so it is asked in a thread, with a deadline."""
        ...

    def knows(self, group: str) -> bool:
        """Whether a group is one of its own."""
        ...

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> Mapping[str, object]:
        """
        Values by group, in the shape that requests supply them in.

        UNKNOWN, or nothing, where there is no value; a SignalError (not raised) where it could not be learned. Whoever
        asks tells of errors, so a source emits nothing.

        Args:
            groups: all of them its own.
            now_s: the present moment, Unix seconds.
        """
        ...


class FailureCounts:
    """Passes events on, and counts signals that failed, by name. Safe under threads."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = PerProcess(Lock)
        self._counts: dict[str, int] = {}

    def __call__(self, event: Event) -> None:
        """Passes one event on."""
        if isinstance(event, SignalFailed):
            with self._lock.get():
                self._counts[event.signal] = self._counts.get(event.signal, 0) + 1
        self._emit(event)

    def counts(self) -> dict[str, int]:
        """How often each signal has failed in this process."""
        with self._lock.get():
            return dict(self._counts)


class Sources:
    """
    Everything that one generation of policies can ask. A function registered for a group wins over all else.

    What is asked for in one stage is asked at the same time: functions as `signals.registry` says, sources that may
    wait in threads, the others here. A source that raises or is late makes its groups unknown, and is told of.

    Args:
        sources: the first that knows a group is asked for it.
        registry: registered functions.
        declarations: of the policies; they hold the functions' timeouts.
        emit: told of each signal that fails; must not raise.
        deadline_s: how long to wait for sources that may wait.
        wall_s: the present moment, Unix seconds.
    """

    def __init__(
        self,
        sources: tuple[Source, ...],
        *,
        declarations: Declarations,
        registry: Registry | None = None,
        emit: Emit,
        deadline_s: float = DEADLINE_S,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._sources = sources
        self._registry = registry
        self._functions = None if registry is None else registry.learner(declarations)
        self._functions_async = None if registry is None else registry.learner_async(declarations)
        self._emit = emit
        self._deadline_s = deadline_s
        self._wall_s = wall_s
        # Each has threads of its own, so that one that hangs does not keep another from answering.
        self._aside = {id(source): Aside() for source in sources if source.blocking}

    def source_of(self, group: str) -> Source | None:
        """Which of the sources is asked for a group; None if a function is, or nobody can be."""
        if self._registry is not None and self._registry.knows(group):
            return None
        return next((source for source in self._sources if source.knows(group)), None)

    def resolve(self, groups: tuple[str, ...], facts: Facts) -> dict[str, object]:
        """
        Values of those groups that somebody knows, for `decide` to learn from; a SignalError for what failed.

        Blocks until all have answered, at most for the deadline where it is not a registered function that is slow.
        """
        waited, here = self._shares(groups, facts)
        learned = {} if self._functions is None else self._functions(groups, facts)
        for share in here:
            learned |= self._checked(share, share.ask)
        for asked in waited:
            learned |= self._checked(asked, asked.result)
        return learned

    async def resolve_async(self, groups: tuple[str, ...], facts: Facts) -> dict[str, object]:
        """The same, awaited: what may wait is never asked on the event loop's own thread."""
        waited, here = self._shares(groups, facts)
        learned = {} if self._functions_async is None else await self._functions_async(groups, facts)
        for share in here:
            learned |= self._checked(share, share.ask)
        for asked in waited:
            await asked.wait()
            learned |= self._checked(asked, asked.result)
        return learned

    def close(self) -> None:
        """Lets go of threads; asking on has new ones."""
        for aside in self._aside.values():
            aside.close()

    def _shares(self, groups: tuple[str, ...], facts: Facts) -> tuple[list[_Waited], list[_Share]]:
        """What each source is asked: those that may wait begin at once."""
        asked: dict[int, tuple[Source, list[str]]] = {}
        for group in groups:
            source = self.source_of(group)
            if source is not None:
                asked.setdefault(id(source), (source, []))[1].append(group)
        now_s = self._wall_s()
        shares = [
            _Share(source=source, groups=tuple(some), facts=facts, now_s=now_s) for source, some in asked.values()
        ]
        until_s = time.monotonic() + self._deadline_s
        waited = [
            _Waited(groups=share.groups, future=self._aside[id(share.source)].submit(share.ask), until_s=until_s)
            for share in shares
            if share.source.blocking
        ]
        return waited, [share for share in shares if not share.source.blocking]

    def _checked(self, share: _Share | _Waited, ask: Callable[[], Mapping[str, object]]) -> dict[str, object]:
        """What a source says, and an event for each group that failed."""
        try:
            learned = {group: value for group, value in ask().items() if group in share.groups}
        except TimeoutError:
            reason = f"no answer within {self._deadline_s:g} s"
            learned = {group: SignalError(group, reason) for group in share.groups}
        except Exception as error:  # noqa: BLE001  a source that fails is unknown, and the failure is told
            learned = dict(_raised(error, share.groups))
        for group, value in learned.items():
            if isinstance(value, SignalError):
                self._emit(SignalFailed(signal=group, reason=value.reason, error=value))
        return learned


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one source is asked."""

    source: Source
    groups: tuple[str, ...]
    facts: Facts
    now_s: float

    def ask(self) -> Mapping[str, object]:
        return self.source.resolve(self.groups, self.facts, self.now_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waited:
    """What one source is being asked in a thread, until a moment of the monotonic clock."""

    groups: tuple[str, ...]
    future: Future[Mapping[str, object]]
    until_s: float

    def result(self) -> Mapping[str, object]:
        """What it said; TimeoutError if it has not by now, and then nobody waits for it any more."""
        try:
            return self.future.result(max(0.0, self.until_s - time.monotonic()))
        finally:
            self.future.cancel()

    async def wait(self) -> None:
        """Waits until it has answered, or the time is over."""
        await landed(self.future, max(0.0, self.until_s - time.monotonic()))


def _raised(error: Exception, groups: tuple[str, ...]) -> Iterator[tuple[str, SignalError]]:
    # Its text may quote a request; what a state says does not.
    reason = error.reason if isinstance(error, SignalError | StateError) else f"it raised `{type(error).__name__}`"
    for group in groups:
        failed = SignalError(group, reason)
        failed.__cause__ = error
        yield group, failed
