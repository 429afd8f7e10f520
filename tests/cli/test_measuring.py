"""The measurement of decisions."""

from itertools import count
from pathlib import Path

from policy_engine.cli.measuring import measure
from policy_engine.model.request import Request
from policy_engine.pipeline import build


def test_a_measurement_tells_rate_duration_and_effects(folder: Path) -> None:
    """With a clock that goes on by a millisecond at each look, the figures are those of the clock."""
    policy_set = build(folder / "policies").policy_set
    assert policy_set is not None
    requests = [Request(task="faq", input="hello"), Request(task="faq", input="hi"), Request(task="faq", input="ho")]
    ticks = count(0, 1_000_000)

    measured = measure(policy_set, requests, seconds=0.02, clock_ns=lambda: next(ticks))

    assert measured.decisions == 900
    assert measured.per_second == 900 / 0.010
    assert (measured.p50_us, measured.p99_us) == (1000.0, 1000.0)
    assert measured.effects == (("route", 2 / 3), ("respond", 1 / 3))
