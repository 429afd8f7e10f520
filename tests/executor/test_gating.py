"""Gates that ask signals: what they learn, when they do not ask, and why they are unknown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import SignalError, SignalTimeout
from policy_engine.model.commands import Command, Learn
from policy_engine.model.outcome import Status
from policy_engine.model.request import Request
from tests.classifier_file import empty_classifier
from tests.executor.worlds import ScriptedWorld, carried_out, policy_set, reply

LONG = "a long answer, no doubt"
GATED = """  - {name: sure, when: {task: plain}, then: {cascade: sure}}
"""
SIGNALS = """
classifiers: {tone: {file: tone.json, labels: [calm, harsh]}}
signals: {risk: {type: number}}
cascades:
  sure:
    steps:
      - {route: small, accept: {classifier: {tone: {label: calm}}, output: {chars: {gte: 10}}, signal: {risk: {lt: 1}}}}
      - {route: large}
    limits: {deadline: 30s}
"""


class LearningWorld(ScriptedWorld):
    """A world that also answers what gates ask, and keeps what they asked."""

    def __init__(self, signals: Mapping[str, Any], text: str = LONG) -> None:
        super().__init__({"small": [reply(text)], "large": [reply("better")]})
        self.asked: list[Learn] = []
        self._signals = signals

    def _value(self, command: Command) -> Any:
        if isinstance(command, Learn):
            self.asked.append(command)
            return {group: self._signals[group] for group in command.signals if group in self._signals}
        return super()._value(command)


def gated_by_signals(tmp_path: Path) -> PolicySet:
    """Policies whose first step asks a classifier and a signal of your own."""
    (tmp_path / "sure.yaml").write_text(SIGNALS, encoding="utf-8")
    (tmp_path / "tone.json").write_text(empty_classifier("calm", "harsh"), encoding="utf-8")
    return policy_set(tmp_path, extra=GATED)


CALM = {"label": "calm", "score": 0.9}


def test_a_gate_learns_what_it_reads(tmp_path: Path) -> None:
    """All signals of a stage are asked at once, within the time that is left, and the gate accepts by them."""
    world = LearningWorld({"classifier.tone": CALM, "signal.risk": 0.5})

    outcome = carried_out(gated_by_signals(tmp_path), world, Request(task="plain", input="x"))

    assert (outcome.status, outcome.text, outcome.calls[0].verdict) == (Status.ACCEPTED, LONG, "true")
    assert [(sorted(one.signals), one.timeout_s) for one in world.asked] == [(["classifier.tone", "signal.risk"], 29.0)]


@pytest.mark.parametrize(
    ("signals", "verdict", "reasons"),
    [
        (
            {"classifier.tone": CALM, "signal.risk": SignalTimeout("signal.risk", 29.0)},
            "unknown",
            ("signal.risk < 1 is unknown: no answer within 29 s",),
        ),
        (
            {"classifier.tone": CALM, "signal.risk": SignalError("signal.risk", "it raised `ValueError`")},
            "unknown",
            ("signal.risk < 1 is unknown: it raised `ValueError`",),
        ),
        ({"classifier.tone": CALM}, "unknown", ("signal.risk < 1 is unknown",)),
        ({"classifier.tone": CALM, "signal.risk": 3.0}, "false", ("signal.risk < 1 does not hold",)),
    ],
)
def test_a_signal_that_is_not_learned_accepts_nothing_and_says_why(
    signals: Mapping[str, Any], verdict: str, reasons: tuple[str, ...], tmp_path: Path
) -> None:
    """A gate whose signal failed or took too long is unknown; the reason is in the record of the call."""
    world = LearningWorld(signals)

    outcome = carried_out(gated_by_signals(tmp_path), world, Request(task="plain", input="x"))

    assert (outcome.text, outcome.calls[0].verdict, outcome.calls[0].reasons) == ("better", verdict, reasons)
    assert outcome.escalated_unsure == (verdict == "unknown")


def test_a_gate_asks_nothing_that_cannot_save_the_answer(tmp_path: Path) -> None:
    """An answer that is too short already is not looked at any closer."""
    world = LearningWorld({}, "short")

    carried_out(gated_by_signals(tmp_path), world, Request(task="plain", input="x"))

    assert world.asked == []


def test_what_one_gate_learned_the_next_one_knows(tmp_path: Path) -> None:
    """A signal is asked once per request, also where it was supplied or learned for the decision."""
    world = LearningWorld({"classifier.tone": CALM})
    request = Request(task="plain", input="x", signals={"signal": {"risk": 0.5}})

    carried_out(gated_by_signals(tmp_path), world, request)

    assert [one.signals for one in world.asked] == [("classifier.tone",)]
