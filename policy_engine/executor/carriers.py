"""Carriers of one engine: each generation of policies has its own, over the same connections, counters and clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.carrier import Carrier
from policy_engine.providers.api import World
from policy_engine.providers.registry import Providers
from policy_engine.signals.live import LiveSignals
from policy_engine.transport.http import HttpTransport


class Carriers:
    """
    Makes and keeps the carrier of the live policies. Connections are opened at the first call that needs one.

    Args:
        signals: what rules ask, and where carriers count.
        clock: the present moment, for requests that do not say.
    """

    def __init__(self, *, signals: LiveSignals, clock: Callable[[], datetime]) -> None:
        self._signals = signals
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
        """Closes the connections; a later call opens new ones."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    async def close_async(self) -> None:
        """The same as `close`, and the connections of this event loop."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            await transport.close_async()

    def _carrier(self, policy_set: PolicySet) -> Carrier:
        return Carrier(
            policy_set,
            providers=Providers(policy_set.declarations, self._world),
            signals=self._signals.of(policy_set),
            emit=self._signals.emit,
            clock=self._clock,
        )

    def _world(self) -> World:
        with self._lock:
            if self._transport is None:
                self._transport = HttpTransport()
            return World(transport=self._transport, environment=os.environ)
