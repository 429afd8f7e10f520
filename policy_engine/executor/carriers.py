"""Carriers of one engine: each generation of policies has its own, over the same connections, counters and clock."""

from __future__ import annotations

import os
import threading
from asyncio import to_thread
from collections.abc import Callable
from datetime import datetime

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.books import Books
from policy_engine.executor.carrier import Carrier
from policy_engine.executor.shadows import Shadows
from policy_engine.ledger.entry import Handed, ShadowEntry
from policy_engine.model.shadow import ShadowResult
from policy_engine.providers.api import World
from policy_engine.providers.registry import Providers
from policy_engine.signals.live import LiveSignals
from policy_engine.state.aside import Aside
from policy_engine.transport.http import HttpTransport

CLOSE_S = 5.0
"""How long closing waits for requests that are over to be counted, and for shadows."""


class Carriers:
    """
    Makes and keeps the carrier of the live policies. Connections are opened at the first call that needs one.

    Args:
        signals: what rules ask, and where carriers count.
        record: takes entries for the ledger, those of shadows too; None without one.
        on_shadow: takes the results of shadows as well, in a thread of theirs. Without either none is asked.
        clock: the present moment, for requests that do not say.
    """

    def __init__(
        self,
        *,
        signals: LiveSignals,
        record: Callable[[Handed], object] | None = None,
        on_shadow: Callable[[ShadowResult], object] | None = None,
        clock: Callable[[], datetime],
    ) -> None:
        self._signals = signals
        self._record = record
        self._aside = Aside()
        self._clock = clock
        self._lock = threading.Lock()
        self._on_shadow = on_shadow
        self._shadows: Shadows | None = None
        if record is not None or on_shadow is not None:
            self._shadows = Shadows(state=signals.state, on_shadow=self._take, emit=signals.emit)
        self._transport: HttpTransport | None = None
        self._latest: tuple[PolicySet, Carrier] | None = None

    def carrier_of(self, policy_set: PolicySet) -> Carrier:
        """The carrier of these policies, the same until others are asked for."""
        latest = self._latest
        if latest is None or latest[0] is not policy_set:
            self._latest = latest = (policy_set, self._carrier(policy_set))
        return latest[1]

    def close(self) -> None:
        """
        Closes the connections, and waits a little for shadows and for what is being counted.

        A later call opens new ones.
        """
        if self._shadows is not None:
            self._shadows.close(CLOSE_S)
        self._aside.close(timeout_s=CLOSE_S)
        # Kept, as providers keep it too: what a later call opens has to be closed by a later closing.
        if self._transport is not None:
            self._transport.close()

    async def close_async(self) -> None:
        """The same as `close`, and the connections of this event loop; does not wait for what is being counted."""
        if self._shadows is not None:
            await to_thread(self._shadows.close, CLOSE_S)
        if self._transport is not None:
            await self._transport.close_async()

    def _carrier(self, policy_set: PolicySet) -> Carrier:
        signals, emit = self._signals.of(policy_set), self._signals.emit
        tell = emit if self._signals.is_heard else None
        return Carrier(
            policy_set,
            providers=Providers(policy_set.declarations, self._world),
            signals=signals,
            books=Books(signals.counters, record=self._record, emit=emit, tell=tell, aside=self._aside),
            aside=self._aside,
            shadows=self._shadows,
            emit=emit,
            clock=self._clock,
        )

    def _take(self, result: ShadowResult) -> None:
        """Writes a shadow's result down, and hands it on."""
        if self._record is not None:
            self._record(ShadowEntry(id=result.id, at_s=result.at_s, result=result.to_json(), calls=result.calls))
        if self._on_shadow is not None:
            self._on_shadow(result)

    def _world(self) -> World:
        with self._lock:
            if self._transport is None:
                self._transport = HttpTransport()
            return World(transport=self._transport, environment=os.environ)
