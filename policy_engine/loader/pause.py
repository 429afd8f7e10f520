"""A pause of the garbage collector, for work that makes much and throws nothing away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Much is made while a bundle is built and none of it is garbage: looking for some would triple the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():
                # What was made goes to the oldest generation unseen. Else the next allocation would look through all
                # of it at once, and every thread would wait for that.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
