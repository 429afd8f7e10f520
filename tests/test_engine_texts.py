"""An engine's signals of texts: classifiers, phrases and languages, the same for every way to decide."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from policy_engine import Engine, Request
from policy_engine.cli.program import program
from policy_engine.model.decision import Decision
from policy_engine.model.events import Event, SignalFailed
from policy_engine.pipeline import build
from policy_engine.signals.live import pure_sources
from tests.classifier_file import knowing

TRAINED = knowing({"hello": (4, 20, -20), "prove": (4, -20, 20)}, "easy", "hard")
POLICY = """\
version: 1
providers: {local: {kind: fake, reply: a fine answer}, api: {kind: openai, api_key: "${NOBODY_SETS_THIS}"}}
models:
  small: {provider: local, model: s, price: {input: 1, output: 1}}
  large: {provider: local, model: l, price: {input: 9, output: 9}}
classifiers: {complexity: {file: complexity.json, labels: [easy, hard]}}
phrases:
  handover: {embedder: hashed, of: [let me talk to a person, give me a human]}
  far: {embedder: api/embed-1, of: [hello]}
rules:
  - {name: human, when: {similar: {handover: {gte: 0.7}}}, then: {respond: {text: One moment.}}}
  - {name: german, when: {message: {language: de}}, then: {respond: {text: Hallo.}}}
  - {name: hard, when: {classifier: {complexity: {label: hard, score: {gte: 0.7}}}}, then: {route: large}}
default: {route: small}
"""
TEXTS = {
    "please let me talk to a person": "human",
    "Guten Tag, wo ist meine Bestellung?": "german",
    "prove it": "hard",
    "hello": None,
    "xyzzy": None,
}
WAYS: dict[str, Callable[[Engine, Request], Decision]] = {
    "decide": lambda engine, request: engine.decide(request),
    "decide_async": lambda engine, request: asyncio.run(engine.decide_async(request)),
    "complete": lambda engine, request: engine.complete(request).decision,
    "complete_async": lambda engine, request: asyncio.run(engine.complete_async(request)).decision,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A policy folder whose rules ask for what texts tell."""
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "complexity.json").write_text(TRAINED.to_text(), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("decide", WAYS.values(), ids=list(WAYS))
def test_every_way_to_decide_knows_what_texts_tell(decide: Callable[[Engine, Request], Decision], folder: Path) -> None:
    """A phrase, a language and a label decide, and nothing has to be supplied or registered."""
    with Engine.open(folder, watch=False) as engine:
        decided = {text: decide(engine, Request(input=text)).rule for text in TEXTS}

    assert decided == TEXTS


def test_a_dry_run_decides_as_serving_does(folder: Path) -> None:
    """What texts tell needs no state, so that a dry run knows it too."""
    lines = "".join(json.dumps({"input": text}) + "\n" for text in TEXTS)

    result = CliRunner().invoke(program, ["dry-run", str(folder), "--requests", "-", "--format", "jsonl"], input=lines)

    assert [json.loads(line)["rule"] for line in result.stdout.splitlines()] == list(TEXTS.values())


def test_what_a_request_supplies_wins(folder: Path) -> None:
    """A value that the request brings along is taken, and the classifier is not asked."""
    request = Request(input="prove it", signals={"classifier": {"complexity": {"label": "easy", "score": 1.0}}})

    with Engine.open(folder, watch=False) as engine:
        assert engine.decide(request).rule is None


def test_a_function_of_ones_own_wins(folder: Path) -> None:
    """One that is registered for the classifier's name is asked in its place."""
    signals = {"classifier.complexity": lambda _: {"label": "hard", "score": 0.9}}

    with Engine.open(folder, watch=False, signals=signals) as engine:
        assert engine.decide(Request(input="hello")).rule == "hard"


def test_a_classifier_goes_live_with_the_policies(folder: Path) -> None:
    """Its file is part of the revision: a new one is taken over by a reload, a broken one keeps the old ones live."""
    with Engine.open(folder, watch=False) as engine:
        first = engine.status().revision
        (folder / "complexity.json").write_text(replace(TRAINED, words={"hello": (4, -20, 20)}).to_text())
        engine.reload()
        second = engine.status().revision
        (folder / "complexity.json").write_text(TRAINED.to_text()[:300])
        engine.reload()

        assert len({first, second}) == 2
        assert engine.status().revision == second
        assert engine.decide(Request(input="hello")).rule == "hard"


def test_who_may_call_nothing_asks_no_embedder_elsewhere(folder: Path) -> None:
    """Without an engine a provider's embedder is not asked; an engine asks it, and tells that its key is missing."""
    (folder / "rules.yaml").write_text(
        "rules: [{name: far, priority: 1, when: {similar: {far: {gte: 0.5}}}, then: {route: large}}]\n"
    )
    policy_set = build(folder).policy_set
    assert policy_set is not None
    told: list[Event] = []

    with Engine.open(folder, watch=False, on_event=told.append) as engine:
        decision = engine.decide(Request(input="hello"))

    assert pure_sources(policy_set).source_of("similar.far") is None
    assert decision.unknown == ("message.language", "similar.far")  # `hello` is short for a language
    assert [event.signal for event in told if isinstance(event, SignalFailed)] == ["similar.far"]
