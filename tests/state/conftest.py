"""What tests of states have in common: a state of each kind, empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from policy_engine.state.memory import MemoryState
from policy_engine.state.open import open_state
from policy_engine.state.state import State


@pytest.fixture(params=["memory", "sqlite", "redis"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[State]:
    """An empty state of each kind."""
    made: State
    if request.param == "memory":
        made = MemoryState()
    elif request.param == "sqlite":
        made = open_state(tmp_path / "state.db")
    else:
        made = open_state(request.getfixturevalue("new_redis")())
    yield made
    made.close()
