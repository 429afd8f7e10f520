"""What a command that carries requests out keeps of them: counters and a ledger, where they are asked for."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from policy_engine.cli.console import Console
from policy_engine.cli.render.cells import visible
from policy_engine.executor.carriers import Carriers
from policy_engine.ledger.open import ledger_at, open_writer
from policy_engine.ledger.writer import Writer
from policy_engine.model.events import Event, LedgerFailed, SignalFailed
from policy_engine.model.facts import utc_now
from policy_engine.signals.live import LiveSignals
from policy_engine.state.open import open_state


class Keeper:
    """
    Carriers over a state and a ledger. On leaving, what is to be written is written, and trouble with that is told.

    Args:
        state, ledger: addresses; None keeps nothing.
    """

    def __init__(self, *, state: str | None, ledger: str | None, console: Console) -> None:
        self._console = console
        signals = LiveSignals(open_state("memory:" if state is None else state), on_event=self._tell)
        writer = None if ledger is None else open_writer(ledger_at(ledger), on_event=self._tell)
        self.carriers = Carriers(signals=signals, record=None if writer is None else writer.record, clock=utc_now)
        self._ending = ExitStack()
        self._ending.callback(signals.close)
        if writer is not None:
            self._ending.callback(_close, writer)
        self._ending.callback(self.carriers.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    def _tell(self, event: Event) -> None:
        if isinstance(event, LedgerFailed):
            self._console.complain(f"warning: not in the ledger: {visible(event.reason)}")
        if isinstance(event, SignalFailed):
            self._console.complain(f"warning: `{visible(event.signal)}` is unknown: {visible(event.reason)}")


def _close(writer: Writer) -> None:
    writer.close()
