"""A progress bar for what takes long, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

_PATIENCE_S = 1.0
_PAUSE_S = 0.1
_CELLS = 30
_ERASE = "\r\x1b[K"


@dataclass(slots=True, kw_only=True)
class Progress:
    """
    Shows how far a work has come, once it has taken a second; leaves nothing behind.

    Attributes:
        out: where to; None shows nothing.
        clock: seconds, never going back.
        total: the amount of all work in whatever unit; None if nobody knows.
        noun: what is counted.
    """

    out: TextIO | None
    clock: Callable[[], float]
    total: int | None = None
    noun: str = "requests"
    _started_s: float = field(init=False)
    _shown_s: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._started_s = self.clock()

    def show(self, count: int, *, amount: int = 0) -> None:
        """Tells that `count` things are done, which is `amount` of the total."""
        if self.out is None:
            return
        now_s = self.clock()
        since_s = self._started_s + _PATIENCE_S if self._shown_s is None else self._shown_s + _PAUSE_S
        if now_s < since_s:
            return
        self._shown_s = now_s
        self.out.write(_ERASE + self._line(count, amount, now_s - self._started_s))
        self.out.flush()

    def close(self) -> None:
        """Wipes the bar away."""
        if self.out is not None and self._shown_s is not None:
            self.out.write(_ERASE)
            self.out.flush()

    def _line(self, count: int, amount: int, elapsed_s: float) -> str:
        said = f"{count:,} {self.noun}, {count / elapsed_s:,.0f}/s"
        if not self.total:
            return said
        share = min(1.0, amount / self.total)
        done = int(share * _CELLS)
        return f"[{'#' * done}{'.' * (_CELLS - done)}] {share:4.0%}  {said}"
