"""Kept answers: one request's side of the caches, where its answer comes from or goes to."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from policy_engine.errors import EmbedderError, MissingExtra, StateError
from policy_engine.model.commands import Lookup, Store
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.state.aside import Aside, landed

if TYPE_CHECKING:
    from policy_engine.model.decision import Decision
    from policy_engine.model.facts import Facts
    from policy_engine.signals.caches.caches import Caches


class KeptAnswers:
    """
    Looks entries up and keeps answers for one request. A cache that cannot be used fails no request; it is told.

    Args:
        caches: None where the policies declare none.
        aside: does what may have to wait, for those on an event loop.
        wall_s: the present moment, Unix seconds.
    """

    def __init__(
        self,
        caches: Caches | None,
        decision: Decision,
        facts: Facts,
        *,
        emit: Emit,
        aside: Aside,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._caches = caches
        self._decision = decision
        self._facts = facts
        self._emit = emit
        self._aside = aside
        self._wall_s = wall_s

    @property
    def blocking(self) -> bool:
        """Whether it may wait for a disk or a network."""
        return self._caches is not None and self._caches.blocking

    def do(self, command: Lookup | Store) -> Any:
        """The entry that was looked up; None for an answer that was to be kept."""
        if self._caches is None:
            return None
        try:
            if isinstance(command, Lookup):
                return self._caches.reply(command.cache, self._facts, now_s=self._wall_s())
            self._caches.store(command.cache, self._facts, command.reply, decision=self._decision, now_s=self._wall_s())
        except (EmbedderError, StateError, MissingExtra) as error:
            reason = str(error) if isinstance(error, MissingExtra) else error.reason
            self._emit(SignalFailed(signal=f"cache.{command.cache}", reason=reason, error=error))
        return None

    async def do_async(self, command: Lookup | Store) -> Any:
        """The same, awaited."""
        doing = self._aside.submit(partial(self.do, command))
        await landed(doing)
        return doing.result()
