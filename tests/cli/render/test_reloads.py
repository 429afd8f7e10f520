"""What happens while policies are watched, as lines."""

from dataclasses import replace
from datetime import UTC, datetime

from policy_engine.cli.render.reloads import Happening, InStep, happening_json, render_happening
from policy_engine.model.events import ReloadFailed, ReloadHeld, ReloadSucceeded, WatcherBlind
from tests.cli.render.places import BARE, REPORT

AT = datetime(2026, 11, 24, 6, 51, 58, tzinfo=UTC)
SERVING = "sha256:0123456789abcdef"
LIVE = Happening(
    at=AT,
    event=ReloadSucceeded(revision=SERVING, generation=2, previous=None, files=1, rules=5, took_ms=84.4),
)
FAILED = Happening(at=AT, event=ReloadFailed(serving=SERVING, error="a.yaml:1:1: error[PE301] …"))


def test_a_reload_is_one_line() -> None:
    """It says what is live since when, and how long that took."""
    assert render_happening(LIVE) == "06:51:58  live  generation 2  0123456789ab  1 file, 5 rules  built in 84 ms"
    assert render_happening(replace(LIVE, since_change_ms=121.0)) == (
        "06:51:58  live  generation 2  0123456789ab  1 file, 5 rules  121 ms after the change"
    )


def test_a_failed_reload_shows_its_findings() -> None:
    """The line says what serves on, and the findings follow, quoted."""
    report = replace(REPORT, diagnostics=(BARE,))

    assert render_happening(replace(FAILED, report=report)) == (
        "06:51:58  not live  1 error, 0 warnings in 4 files, 37 rules; 0123456789ab serves on\n"
        "\n"
        "policies/chat.yaml:14:19: error[PE301] unknown tier `workhrose`\n"
        "   |\n"
        "14 |     then: {route: workhrose}\n"
        "   |                   ^^^^^^^^^\n"
    )


def test_other_events_are_told_in_words() -> None:
    """What was held back says why; a folder that was put back is told; the rest by name."""
    held = replace(LIVE, event=ReloadHeld(serving=SERVING, reason="all rules are gone"))
    back = replace(LIVE, event=InStep(revision=SERVING))
    blind = replace(LIVE, event=WatcherBlind(reason="no events here"))

    assert [render_happening(one) for one in (held, back, blind, FAILED)] == [
        "06:51:58  held back  all rules are gone; 0123456789ab serves on",
        "06:51:58  live  0123456789ab is what the folder holds again",
        "06:51:58  watcher.blind  reason no events here",
        "06:51:58  not live  a.yaml:1:1: error[PE301] …; 0123456789ab serves on",
    ]


def test_an_event_is_one_json_object() -> None:
    """Programs get every field, and the findings as in `validate --format json`."""
    assert happening_json(replace(LIVE, since_change_ms=121.0)) == {
        "at": "2026-11-24T06:51:58+00:00",
        "event": "reload.succeeded",
        "revision": SERVING,
        "generation": 2,
        "previous": None,
        "files": 1,
        "rules": 5,
        "took_ms": 84.4,
        "since_change_ms": 121.0,
    }
    failed = happening_json(replace(FAILED, report=replace(REPORT, diagnostics=(BARE,))))
    assert [one["code"] for one in failed.pop("diagnostics")] == ["PE301"]
    assert failed == {
        "at": "2026-11-24T06:51:58+00:00",
        "event": "reload.failed",
        "serving": SERVING,
        "error": "a.yaml:1:1: error[PE301] …",
    }
    assert happening_json(replace(LIVE, event=InStep(revision=SERVING)))["event"] == "reload.in_step"
