"""What holds for every test: how Hypothesis searches, whether expected files are rewritten, and a server to share."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.servers.redis_process import RedisProcess

# Time is not checked, as a busy machine is not a fault, nor size, as policies are large.
UNCHECKED = (HealthCheck.too_slow, HealthCheck.data_too_large)

# `ci` gives the same examples in every run; `HYPOTHESIS_PROFILE=thorough` looks further and at random.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=UNCHECKED,
)
settings.register_profile(
    "thorough",
    derandomize=False,
    deadline=None,
    max_examples=5_000,
    suppress_health_check=UNCHECKED,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--update-cases`."""
    parser.addoption("--update-cases", action="store_true", help="rewrite the expected files under tests/cases")


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten with what is found."""
    return bool(request.config.getoption("--update-cases"))


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
