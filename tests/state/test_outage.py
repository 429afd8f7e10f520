"""Tests of outages: who is told to try, and who is told that it is of no use."""

from __future__ import annotations

from policy_engine.state.outage import Outage


class Clock:
    """A clock that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_while_all_is_well_everybody_tries() -> None:
    """Nobody is refused before anything failed, nor once something has worked again."""
    outage = Outage()
    before = outage.refusal(), outage.refusal()
    outage.failed("gone")
    outage.worked()

    assert (before, outage.refusal(), outage.refusal()) == ((None, None), None, None)


def test_in_an_outage_one_tries_now_and_then() -> None:
    """Whoever asks is told why not, and one of those who ask is to try after each interval."""
    clock = Clock()
    outage = Outage(probe_every_s=1.0, clock=clock)
    outage.failed("gone")
    said = []
    for clock.now_s in (0.0, 0.9, 1.0, 1.0, 1.9, 2.0, 2.1):
        said.append(outage.refusal())

    assert said == ["gone", "gone", None, "gone", "gone", None, "gone"]


def test_the_last_reason_is_told() -> None:
    """A try that fails otherwise says so, and the next is an interval later."""
    clock = Clock()
    outage = Outage(probe_every_s=1.0, clock=clock)
    outage.failed("gone")
    clock.now_s = 1.5
    outage.failed("still starting")
    clock.now_s = 2.4

    assert outage.refusal() == "still starting"
