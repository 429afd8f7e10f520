"""What the rules of an engine can ask: sources for each generation of policies, over what goes on across reloads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from policy_engine.model.events import Emit, harmless
from policy_engine.signals.counters import Counters, Measurements
from policy_engine.signals.language import Languages
from policy_engine.signals.source import FailureCounts, Source, Sources

if TYPE_CHECKING:
    from policy_engine.compiler.policy_set import PolicySet
    from policy_engine.model.policy import Declarations
    from policy_engine.signals.caches.caches import Caches
    from policy_engine.signals.caches.directories import Directories
    from policy_engine.signals.call import SignalFunction
    from policy_engine.signals.embedders.named import Embedders
    from policy_engine.signals.registry import Registry
    from policy_engine.state.state import State
    from policy_engine.transport.http import HttpTransport


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
        self._transport: HttpTransport | None = None
        self._latest: tuple[PolicySet, Signals] | None = None
        self._directories: Directories | None = None

    def of(self, policy_set: PolicySet) -> Signals:
        """The signals of these policies, the same until others are asked for."""
        latest = self._latest
        if latest is None or latest[0] is not policy_set:
            self._latest = latest = (policy_set, self._made(policy_set))
        return latest[1]

    def close(self) -> None:
        """Lets go of the state, of threads and of connections to embedders; asking on opens them again."""
        if self._latest is not None:
            self._latest[1].sources.close()
        if self._directories is not None:
            self._directories.close()
        if self._transport is not None:
            self._transport.close()
        self.state.close()

    def _made(self, policy_set: PolicySet) -> Signals:
        declarations = policy_set.declarations
        counters = Counters(declarations, state=self.state, measured=self._measured)
        embedders = _embedders(declarations, self._shared_transport()) if _embeds(declarations) else None
        caches = self._caches(declarations, embedders) if embedders is not None and declarations.caches else None
        known = (
            counters.measured,
            counters,
            *_of_texts(declarations, embedders),
            *(() if caches is None else (caches,)),
        )
        sources = Sources(
            known, declarations=declarations, registry=self._registry, emit=self.emit, wall_s=self._wall_s
        )
        return Signals(sources=sources, counters=counters, caches=caches)

    def _shared_transport(self) -> HttpTransport:
        """The connections to embedders, which go on across reloads."""
        if self._transport is None:
            from policy_engine.transport.http import HttpTransport

            self._transport = HttpTransport()
        return self._transport

    def _caches(self, declarations: Declarations, embedders: Embedders) -> Caches:
        from policy_engine.signals.caches.caches import Caches
        from policy_engine.signals.caches.directories import Directories

        if self._directories is None:
            self._directories = Directories(self.state, emit=self.emit)
        return Caches(declarations, state=self.state, embedders=embedders, directories=self._directories)


def pure_sources(policy_set: PolicySet, *, on_event: Emit | None = None) -> Sources:
    """What can be learned from a request alone, for whoever decides without anything kept between requests."""
    declarations = policy_set.declarations
    return Sources(local_sources(declarations), declarations=declarations, emit=harmless(on_event))


def unanswerable_in(policy_set: PolicySet, sources: Sources) -> frozenset[str]:
    """The groups of facts for which none of these sources, which have no functions, need be asked."""
    return frozenset(group for group in policy_set.layout.bits if sources.source_of(group) is None)


@contextmanager
def sources_for(policy_set: PolicySet, state: str | None) -> Iterator[Sources]:
    """
    What can be learned without being counted: from a request alone, and from a state where one is named.

    Args:
        state: its address, as for `open_state`, which says what it raises.
    """
    if state is None:
        with closing(pure_sources(policy_set)) as sources:
            yield sources
        return
    from policy_engine.state.open import open_state

    with closing(LiveSignals(open_state(state))) as signals:
        yield signals.of(policy_set).sources


def local_sources(declarations: Declarations, counters: Counters | None = None) -> tuple[Source, ...]:
    """What asks nobody outside this machine, caches aside; without counters, what knows a request alone."""
    embedders = _embedders(declarations) if _embeds(declarations) else None
    counted: tuple[Source, ...] = () if counters is None else (counters.measured, counters)
    return (*counted, *_of_texts(declarations, embedders, local_only=True))


def _of_texts(declarations: Declarations, embedders: Embedders | None, *, local_only: bool = False) -> Iterator[Source]:
    """The sources that know a text alone; numpy is for those whose policies ask for what needs it."""
    yield Languages()
    if embedders is not None and declarations.classifiers:
        from policy_engine.signals.classifiers.classifiers import classifiers_of

        yield from classifiers_of(declarations, embedders)
    if embedders is not None and declarations.phrases:
        from policy_engine.signals.phrases import phrases_of

        yield from phrases_of(declarations, embedders, local_only=local_only)


def _embeds(declarations: Declarations) -> bool:
    return bool(declarations.caches or declarations.classifiers or declarations.phrases)


def _embedders(declarations: Declarations, transport: HttpTransport | None = None) -> Embedders:
    # numpy and an HTTP client are for those whose policies compare texts.
    from policy_engine.catalogue.cards import rates_of
    from policy_engine.signals.embedders.endpoint import Endpoints
    from policy_engine.signals.embedders.named import Embedders

    return Embedders(
        endpoint_of=Endpoints(declarations, transport=transport).of, rates_of=partial(rates_of, declarations)
    )


def _registry(functions: Mapping[str, SignalFunction], emit: Emit) -> Registry:
    # What asks functions needs asyncio, which takes half as long to import as all the rest.
    from policy_engine.signals.registry import Registry

    return Registry(functions, emit)
