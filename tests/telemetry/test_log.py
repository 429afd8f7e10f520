"""Tests of events as lines of JSON."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from policy_engine.model.events import ReloadFailed, ReloadSucceeded, SignalFailed
from policy_engine.telemetry.log import json_lines


def test_an_event_is_one_line_with_its_fields() -> None:
    """The line holds the event's name, a level, the time in UTC, and every field."""
    stream = io.StringIO()

    json_lines(stream)(ReloadSucceeded(revision="sha256:1", generation=2, previous=None, files=3, rules=4, took_ms=5.5))

    said = json.loads(stream.getvalue())
    assert datetime.fromisoformat(said.pop("timestamp")).tzinfo == UTC
    assert said == {
        "event": "reload.succeeded",
        "level": "info",
        "revision": "sha256:1",
        "generation": 2,
        "previous": None,
        "files": 3,
        "rules": 4,
        "took_ms": 5.5,
    }
    assert stream.getvalue().count("\n") == 1


def test_trouble_is_a_warning_on_one_line() -> None:
    """An error of several lines is still one line of the log."""
    stream = io.StringIO()

    json_lines(stream)(ReloadFailed(serving="sha256:1", error="a.yaml:1:1: error\nb.yaml:2:2: error – naïve"))

    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue())["level"] == "warning"
    assert "naïve" in stream.getvalue()


def test_no_prompt_gets_into_a_log() -> None:
    """The text of a signal's exception, which may quote a request, is left out."""
    stream = io.StringIO()

    json_lines(stream)(SignalFailed(signal="signal.risk", reason="it raised `ValueError`", error=ValueError("secret")))

    said = json.loads(stream.getvalue())
    assert "secret" not in stream.getvalue()
    assert {key: said[key] for key in said if key != "timestamp"} == {
        "event": "signal.failed",
        "level": "warning",
        "signal": "signal.risk",
        "reason": "it raised `ValueError`",
    }
