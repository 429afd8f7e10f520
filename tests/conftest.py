"""What holds for every test: how Hypothesis searches."""

import os

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
