"""Carriers of one engine: each generation of policies has its own, over the same connections, counters and clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.books import Books
from policy_engine.executor.carrier import Carrier
from policy_engine.ledger.entry import Entry
from policy_engine.providers.api import World
from policy_engine.providers.registry import Providers
from policy_engine.signals.live import LiveSignals
from policy_engine.state.aside import Aside
from policy_engine.transport.http import HttpTransport

CLOSE_S = 5.0
"""How long closing waits for requests that are over to be counted."""


class Carriers:
    """
    Makes and keeps the carrier of the live policies. Connections are opened at the first call that needs one.

    Args:
        signals: what rules ask, and where carriers count.
        record: takes entries for the ledger; None without one.
        clock: the present moment, for requests that do not say.
    """

    def __init__(
        self,
        *,
        signals: LiveSignals,
        record: Callable[[Entry], object] | None = None,
        clock: Callable[[], datetime],
    ) -> None:
        self._signals = signals
        self._record = record
        self._aside = Aside()
        self._clock = clock
        self._lock = threading.Lock()
        self._transport: HttpTransport | None = None
        self._latest: tuple[PolicySet, Carrier] | None = None

    def carrier_of(self, policy_set: PolicySet) -> Carrier:
        """The carrier of these policies, the same until others are asked for."""
        latest = self._latest
        if latest is None or latest[0] is not policy_set:
            self._latest = latest = (policy_set, self._carrier(policy_set))
        return latest[1]

    def close(self) -> None:
        """Closes the connections, and waits a little for what is being counted; a later call opens new ones."""
        self._aside.close(timeout_s=CLOSE_S)
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    async def close_async(self) -> None:
        """The same as `close`, and the connections of this event loop; does not wait for what is being counted."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close_async()

    def _carrier(self, policy_set: PolicySet) -> Carrier:
        signals, emit = self._signals.of(policy_set), self._signals.emit
        tell = emit if self._signals.is_heard else None
        return Carrier(
            policy_set,
            providers=Providers(policy_set.declarations, self._world),
            signals=signals,
            books=Books(signals.counters, record=self._record, emit=emit, tell=tell, aside=self._aside),
            aside=self._aside,
            emit=emit,
            clock=self._clock,
        )

    def _world(self) -> World:
        with self._lock:
            if self._transport is None:
                self._transport = HttpTransport()
            return World(transport=self._transport, environment=os.environ)
