"""What keeps entries, counters and leases: one protocol for memory, SQLite and what may come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from policy_engine.state.log import Log

LATE_SETTLE_S = 86_400.0
"""How long after its end a lease can still be settled; what a call cost is counted even if it took too long."""


class State(Protocol):
    """
    Entries, counters and leases, by key. Safe under threads; exact, also between processes where they share it.

    Moments are Unix seconds and are passed in, `now_s` the present one and `until_s` the first at which a thing is
    gone. Amounts are whole numbers of any sign. Everything raises `StateError` if the state cannot be used, and has
    changed nothing then.
    """

    @property
    def blocking(self) -> bool:
        """Whether it may wait for a disk or a network; if so, it is never used on an event loop's own thread."""
        ...

    @property
    def log(self) -> Log:
        """The logs that are kept in the same place."""
        ...

    def get(self, key: str, *, now_s: float) -> bytes | None:
        """The entry of this key, or None if there is none any more."""
        ...

    def put(self, key: str, value: bytes, *, now_s: float, until_s: float) -> None:
        """Replaces an entry."""
        ...

    def delete(self, key: str) -> None:
        """Removes an entry, if there is one."""
        ...

    def add(self, amounts: Mapping[str, int], *, now_s: float, until_s: float) -> None:
        """Adds to counters, to all of them or none. A counter lives as long as the latest `until_s` it was given."""
        ...

    def counts(self, keys: Sequence[str], *, now_s: float) -> tuple[int, ...]:
        """What the counters stand at, all at one moment: what was added to each, and what leases hold of it."""
        ...

    def hold(
        self, lease: str, amounts: Mapping[str, int], *, now_s: float, until_s: float, counted_until_s: float
    ) -> tuple[int, ...]:
        """
        Holds amounts of counters until they are settled or the lease ends, and says what each counter stands at then.

        Args:
            lease: a name that was never used before.
            amounts: by counter.
            until_s: when the lease ends, after which nothing is held.
            counted_until_s: how long the counters live once this is settled.
        """
        ...

    def settle(self, lease: str, amounts: Mapping[str, int], *, now_s: float) -> bool:
        """
        Ends a lease and adds to its counters, once.

        Args:
            amounts: by counter, what to add; a counter of the lease that is left out gets what was held of it.

        Returns:
            False if there is no such lease any more: it was settled before, or ended more than a day ago.
        """
        ...

    def close(self) -> None:
        """Lets go of files and connections. Closing twice is fine."""
        ...
