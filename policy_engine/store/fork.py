"""Making what holds locks and threads anew in a forked child, where neither survives."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """What can be made usable again in a child process."""

    def renew(self) -> None:
        """Replaces locks that a thread of the parent may have held, and starts threads anew."""


def renew_after_fork(owner: Renewable) -> None:
    """Has `owner` renewed in every child forked from now on, in the order of calls, as long as it lives."""
    if not hasattr(os, "register_at_fork"):  # Windows
        return
    reference = weakref.ref(owner)

    def renew() -> None:
        if (alive := reference()) is not None:
            alive.renew()

    os.register_at_fork(after_in_child=renew)
