"""What the rules of an engine can ask: sources for each generation of policies, over what goes on across reloads."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.model.events import Emit, harmless
from policy_engine.signals.counters import Counters, Measurements
from policy_engine.signals.source import FailureCounts, Source, Sources

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.model.policy import Declarations
    from policy_engine.signals.caches.caches import Caches
    from policy_engine.signals.call import SignalFunction
    from policy_engine.signals.registry import Registry
    from policy_engine.state.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What one generation of policies asks and counts; `caches` is None where it declares none."""

    sources: Sources
    counters: Counters
    caches: Caches | None = None


class LiveSignals:
    """
    Makes and keeps the signals of the live policies.

    Args:
        state: where counters are.
        functions: registered in Python, by name; see `signals.registry`.
        on_event: told of signals that fail.
        wall_s: the present moment, Unix seconds.

    Attributes:
        emit: the same receiver of events, harmless, with failures counted in `failures`.
        is_heard: whether there is a receiver at all.
        state: as given.
    """

    def __init__(
        self,
        state: State,
        *,
        functions: Mapping[str, SignalFunction] | None = None,
        on_event: Emit | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._wall_s = wall_s
        self.emit = self.failures = FailureCounts(harmless(on_event))
        self.is_heard = on_event is not None
        self.state = state
        self._registry = _registry(functions, self.emit) if functions else None
        self._measured = Measurements()
        self._latest: tuple[PolicySet, Signals] | None = None

    def of(self, policy_set: PolicySet) -> Signals:
        """The signals of these policies, the same until others are asked for."""
        latest = self._latest
        if latest is None or latest[0] is not policy_set:
            self._latest = latest = (policy_set, self._made(policy_set))
        return latest[1]

    def close(self) -> None:
        """Lets go of the state and of threads; asking on opens them again."""
        if self._latest is not None:
            self._latest[1].sources.close()
        self.state.close()

    def _made(self, policy_set: PolicySet) -> Signals:
        declarations = policy_set.declarations
        counters = Counters(declarations, state=self.state, measured=self._measured)
        caches = _caches(declarations, self.state) if declarations.caches else None
        known = built_in(counters) if caches is None else (*built_in(counters), caches)
        sources = Sources(
            known, declarations=declarations, registry=self._registry, emit=self.emit, wall_s=self._wall_s
        )
        return Signals(sources=sources, counters=counters, caches=caches)


def pure_sources(policy_set: PolicySet, *, on_event: Emit | None = None) -> Sources:
    """What can be learned from a request alone, for whoever decides without anything kept between requests."""
    return Sources(built_in(None), declarations=policy_set.declarations, emit=harmless(on_event))


def built_in(counters: Counters | None) -> tuple[Source, ...]:
    """The sources of the product itself; without counters, those that know a request alone."""
    return () if counters is None else (counters.measured, counters)


def _caches(declarations: Declarations, state: State) -> Caches:
    # numpy and an HTTP client are for those whose policies have a cache.
    from policy_engine.signals.caches.caches import Caches
    from policy_engine.signals.embedders.endpoint import Endpoints
    from policy_engine.signals.embedders.named import Embedders

    return Caches(declarations, state=state, embedders=Embedders(endpoint_of=Endpoints(declarations).of))


def _registry(functions: Mapping[str, SignalFunction], emit: Emit) -> Registry:
    # What asks functions needs asyncio, which takes half as long to import as all the rest.
    from policy_engine.signals.registry import Registry

    return Registry(functions, emit)
