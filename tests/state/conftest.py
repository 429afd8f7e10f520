"""What tests of states have in common: a state of each kind, empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from policy_engine.state.memory import MemoryState
from policy_engine.state.open import open_state
from policy_engine.state.state import State
from tests.servers.redis_process import RedisProcess


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A server for tests that do not stop it; a cluster of one, so that it refuses what would need several nodes."""
    options = ("--cluster-enabled", "yes", "--appendonly", "no")
    with RedisProcess(tmp_path_factory.mktemp("redis"), *options) as server:
        assert server.ask("CLUSTER ADDSLOTSRANGE 0 16383") == b"+OK\r\n"
        while b"cluster_state:ok" not in server.ask("CLUSTER INFO"):
            pass
        yield server


@pytest.fixture(scope="session")
def new_redis(redis_server: RedisProcess) -> Callable[[], str]:
    """Gives addresses of states that are empty."""
    numbers = count()
    return lambda: f"{redis_server.address}&prefix=test{next(numbers)}"


@pytest.fixture(params=["sqlite", "redis"])
def shared_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty state of each kind that processes share."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    return str(request.getfixturevalue("new_redis")())


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
