"""Values that belong to one process and are made anew in a forked child: locks, connections, threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class PerProcess(Generic[Value]):
    """
    One value per process, made on first use.

    What a child inherits it never touches, and never frees: a lock may have been held by a thread that is no more, and
    closing an inherited connection would harm the parent's.
    """

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: dict[int, Value] = {}

    def get(self) -> Value:
        """This process's value."""
        process = os.getpid()
        value = self._values.get(process)
        # Of several threads that get here at once one wins, and all of them get what it made.
        return value if value is not None else self._values.setdefault(process, self._make())

    def made(self) -> Value | None:
        """This process's value, or None if nobody asked for it yet."""
        return self._values.get(os.getpid())
