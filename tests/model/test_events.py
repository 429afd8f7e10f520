"""Tests of events and of handing them on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from policy_engine.model.events import Event, SignalFailed, WatcherRestarted, harmless

EVENT = WatcherRestarted(reason="it broke down")


@pytest.fixture
def unraisable() -> Iterator[list[Any]]:
    """What goes to `sys.unraisablehook`."""
    told: list[Any] = []
    usual, sys.unraisablehook = sys.unraisablehook, told.append
    yield told
    sys.unraisablehook = usual


def test_an_event_reaches_its_receiver() -> None:
    """What is emitted is handed on as it is."""
    received: list[Event] = []

    harmless(received.append)(EVENT)

    assert received == [EVENT]


def test_a_receiver_that_raises_hurts_nobody(unraisable: list[Any]) -> None:
    """What a receiver raises is reported, and whoever emits goes on."""

    def broken(event: Event) -> None:
        raise ValueError("a bug")

    harmless(broken)(EVENT)

    assert [(told.exc_type, str(told.exc_value), told.object) for told in unraisable] == [(ValueError, "a bug", broken)]


def test_without_receiver_nothing_happens() -> None:
    """Events that nobody asked for go nowhere."""
    harmless(None)(EVENT)


def test_an_exception_does_not_show_in_an_event() -> None:
    """What a signal raised may quote a request, so it is kept out of sight."""
    failed = SignalFailed(signal="signal.risk", reason="it raised `ValueError`", error=ValueError("my secret prompt"))

    assert repr(failed) == "SignalFailed(signal='signal.risk', reason='it raised `ValueError`')"
