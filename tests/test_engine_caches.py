"""Tests of an engine whose cache has many entries: what a reload and a restart keep."""

from __future__ import annotations

from pathlib import Path

from policy_engine import Engine, Request
from policy_engine.model.events import CacheFileFailed, Event
from policy_engine.signals.caches.directory import SAVED_FROM

POLICY = """
version: 1
providers:
  pretend: {kind: fake, reply: "It is on its way."}
models:
  small: {provider: pretend, model: pretend-1, price: {input: 1, output: 2}}
caches:
  support: {kind: semantic, embedder: hashed, threshold: 0.9}
rules:
  - {name: remember, then: {remember: support}}
  - {name: answered-before, when: {cache: {support: {hit: true}}}, then: {respond: {cache: support}}}
default: {route: small}
"""


def status(engine: Engine, text: str) -> str:
    """How a request ended."""
    return engine.complete(Request(input=text)).status


def test_a_restart_answers_from_the_file_and_tells_if_it_cannot(tmp_path: Path) -> None:
    """Closing writes the file; the next engine answers from it, after a reload too, and tells of one that is spoilt."""
    (tmp_path / "policies").mkdir()
    policy = tmp_path / "policies" / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    heard: list[Event] = []

    def opened() -> Engine:
        return Engine.open(
            tmp_path / "policies", watch=False, state=str(tmp_path / "state.db"), ledger=None, on_event=heard.append
        )

    questions = [f"{word}{number}" for number in range(SAVED_FROM // 10 + 1) for word in WORDS]
    with opened() as engine:
        for question in questions:
            status(engine, question)
    (file,) = tmp_path.glob("state.db-cache-support-*")

    with opened() as engine:
        assert status(engine, questions[3]) == "answered"
        policy.write_text(POLICY.replace("0.9", "0.91"), encoding="utf-8")
        engine.reload()
        assert status(engine, questions[4]) == "answered"
    assert [event for event in heard if isinstance(event, CacheFileFailed)] == []

    file.write_bytes(file.read_bytes()[:-1])
    with opened() as engine:
        assert status(engine, questions[5]) == "answered"
    (told,) = (event for event in heard if isinstance(event, CacheFileFailed))
    assert (told.cache, told.path) == ("support", str(file))
    assert "read from the state instead" in told.reason


WORDS = ("alpha ", "bravo ", "carol ", "delta ", "echo ", "fox ", "golf ", "hotel ", "india ", "jazz ")
