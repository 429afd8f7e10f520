"""Probes are read in both of their forms, and made into requests."""

from __future__ import annotations

import json

import pytest

from policy_engine.authoring.vllm_sr.probes import Probe, read_probes

GROUPED = """\
name: shop
model: bot/shop
decisions:
  - id: cheap
    variants:
      - {id: short, query: Hi., tools: [{type: function, function: {name: f}}]}
      - {id: long, query: Hi., repeat: 2, padding: {text: x, repeat: 3, placement: middle}}
  - id: group
    expected_decision: dear
    variants: [{id: talk, messages: [{role: user, content: "Why?"}]}]
"""


def test_grouped_probes() -> None:
    """Each variant is a probe of its group's decision, its text as long as it says."""
    wants = {"model": "bot/shop"}

    assert read_probes(GROUPED) == (
        Probe(
            id="cheap:short",
            recipe="shop",
            expected="cheap",
            request={
                "id": "cheap:short",
                "input": "Hi.",
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "wants": wants,
            },
        ),
        Probe(
            id="cheap:long",
            recipe="shop",
            expected="cheap",
            request={"id": "cheap:long", "input": "x\nHi.\nHi.\nx\nx", "wants": wants},
        ),
        Probe(
            id="group:talk",
            recipe="shop",
            expected="dear",
            request={"id": "group:talk", "messages": [{"role": "user", "content": "Why?"}], "wants": wants},
        ),
    )


def test_flat_probes() -> None:
    """Each line is a probe; what it does not say is left out."""
    line = {"id": "p1", "recipe": "shop", "entrypoint": None, "expected_decision": "cheap", "query": "Hi.", "repeat": 2}

    assert read_probes(json.dumps(line) + "\n\n") == (
        Probe(id="p1", recipe="shop", expected="cheap", request={"id": "p1", "input": "Hi.\nHi."}),
    )


def test_a_probe_is_given_what_can_be_measured() -> None:
    """Signals are measured from the newest message of the user."""
    probe = Probe(id="p", recipe=None, expected="x", request={"messages": [{"role": "user", "content": "four"}]})

    assert probe.measured({"size": lambda text: float(len(text))})["signals"] == {"signal": {"size": 4.0}}
    assert probe.measured({}) is probe.request


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a\n", "these are no probes"),
        ("{}\n", "line 1 does not say"),
        ("{\n", "line 1 is no JSON"),
        ("a: [", "line "),
    ],
)
def test_something_else_is_refused(text: str, reason: str) -> None:
    """What is neither form is told as that."""
    with pytest.raises(ValueError, match=reason):
        read_probes(text)
