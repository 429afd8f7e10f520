"""What holds for every test: how Hypothesis searches, and whether expected files are rewritten."""

import os

import pytest
from hypothesis import HealthCheck, settings

# `ci` gives the same examples in every run; `HYPOTHESIS_PROFILE=thorough` looks further and at random.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],  # it measures time, and a busy machine is not a fault
)
settings.register_profile(
    "thorough",
    derandomize=False,
    deadline=None,
    max_examples=5_000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--update-cases`."""
    parser.addoption("--update-cases", action="store_true", help="rewrite the expected files under tests/cases")


@pytest.fixture
def update_cases(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be rewritten with what is found."""
    return bool(request.config.getoption("--update-cases"))
