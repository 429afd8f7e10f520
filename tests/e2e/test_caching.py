"""Tests of caches seen from outside: what is answered from them, what never is, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from policy_engine import Engine, Request
from policy_engine.model.events import Event, SignalFailed
from tests.servers.openai_wire import completion_answer, error_answer, stream_answer
from tests.servers.scripted import Answer, Hold, ScriptedServer

POLICY = """\
version: 1
tasks: [reply, summary]
attributes: {{tenant: {{type: string, default: acme}}}}
providers: {{here: {{kind: openai, base_url: "{url}", retries: 0}}}}
models: {{m: {{provider: here, model: m, price: {{input: 1, output: 1}}}}}}
caches: {{support: {cache}}}
rules:
  - {{name: remember, then: {{remember: support}}}}
  - {{name: before, when: {{cache: {{support: {{hit: true}}}}}}, then: {{respond: {{cache: support}}}}}}
default: {{route: m}}
"""
SEMANTIC = "{kind: semantic, embedder: hashed, threshold: 0.8, scope: [tenant]}"


class Desk:
    """An engine whose one model is a scripted server, and what it asked of that."""

    def __init__(self, folder: Path, server: ScriptedServer, cache: str, state: str | None) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "policy.yaml").write_text(POLICY.format(url=f"{server.url}/v1", cache=cache))
        self.server = server
        self.events: list[Event] = []
        self.engine = Engine.open(folder, watch=False, state=state, on_event=self.events.append)

    def ask(self, text: str, **more: Any) -> str:
        """The answer to a question."""
        return self.engine.complete(Request(input=text, **more)).text or ""

    @property
    def calls(self) -> int:
        """How often the model was called."""
        return len(self.server.requests)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Makes desks and closes them again."""
    made: list[tuple[Engine, ScriptedServer]] = []

    def make(*answers: Answer, cache: str = SEMANTIC, state: str | None = None) -> Desk:
        numbered = answers or tuple(completion_answer(f"answer {number}") for number in range(1, 40))
        server = ScriptedServer(*numbered)
        server.__enter__()
        desk = Desk(tmp_path / f"policies{len(made)}", server, cache, state)
        made.append((desk.engine, server))
        return desk

    yield make
    for engine, server in made:
        engine.close()
        server.__exit__(None, None, None)


@pytest.mark.parametrize("cache", [SEMANTIC, "{kind: exact, scope: [tenant]}"])
def test_what_was_answered_is_answered_again(opened: Any, cache: str) -> None:
    """The same question is answered by the entry, without a call, whole and in a stream."""
    desk = opened(cache=cache)
    first = desk.ask("Where is my order?")

    again = desk.engine.complete(Request(input=" where is  my order?"))
    streamed = "".join(chunk.text for chunk in desk.engine.stream(Request(input="Where is my order?")))

    assert (first, again.text, streamed) == ("answer 1",) * 3
    assert (again.decision.rule, again.cost_usd, desk.calls) == ("before", 0, 1)


def test_a_near_duplicate_is_a_hit(opened: Any) -> None:
    """Content is no part of what keeps entries apart: a text that is nearly the same meets the entry."""
    desk = opened()
    desk.ask("Where is my order, please?")

    assert desk.ask("Where is my order please") == "answer 1"
    assert desk.calls == 1


BASE: Mapping[str, Any] = {
    "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Where is my order?"}],
    "params": {"temperature": 0},
    "tools": [],
    "wants": {"json": False},
    "attributes": {"tenant": "acme"},
    "task": "reply",
}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": {}}}


@pytest.mark.parametrize(
    "change",
    [
        {"messages": [{"role": "system", "content": "Be terse."}, BASE["messages"][1]]},
        {"messages": [BASE["messages"][1]]},
        {"messages": [BASE["messages"][0], {"role": "user", "content": "Hi"}, BASE["messages"][1]]},
        {
            "messages": [
                BASE["messages"][0],
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Where is my order?"},
                        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                    ],
                },
            ]
        },
        {"params": {"temperature": 1}},
        {"params": {"temperature": 0, "max_tokens": 10}},
        {"params": {"temperature": 0, "response_format": {"type": "json_object"}}},
        {"tools": [TOOL]},
        {"wants": {"json": True}},
        {"wants": {"model": "m"}},
        {"attributes": {"tenant": "globex"}},
        {"task": "summary"},
    ],
)
def test_whatever_changes_the_answer_is_a_miss(opened: Any, change: Mapping[str, Any]) -> None:
    """Another system prompt, history, image, parameter, tool, format, tenant or task never meets an entry."""
    desk = opened()
    desk.engine.complete(Request(**BASE))
    same = desk.engine.complete(Request(**BASE))
    other = desk.engine.complete(Request(**{**BASE, **change}))

    assert (same.text, other.text, desk.calls) == ("answer 1", "answer 2", 2)


def test_guards_hold_back_what_is_nearly_right(opened: Any) -> None:
    """A small difference that changes the answer is a miss, and what was asked is kept beside the other."""
    desk = opened()

    assert [desk.ask(text) for text in ("Turn on the lights in the hall", "Turn off the lights in the hall")] == [
        "answer 1",
        "answer 2",
    ]
    assert desk.ask("turn on the lights in the hall") == "answer 1"


def test_guards_can_be_switched_off(opened: Any) -> None:
    """Where the policy asks no guard, similarity alone decides."""
    desk = opened(cache="{kind: semantic, embedder: hashed, threshold: 0.8, guards: none}")
    desk.ask("Turn on the lights in the hall")

    assert desk.ask("Turn off the lights in the hall") == "answer 1"


@pytest.mark.parametrize(
    "answer",
    [
        completion_answer("cut o", finish_reason="length"),
        completion_answer("", finish_reason="stop"),
        error_answer(500, "broken"),
        completion_answer("filtered", finish_reason="content_filter"),
    ],
)
def test_only_whole_answers_are_kept(opened: Any, answer: Answer) -> None:
    """An answer that was cut off, is empty, filtered or failed is not given again."""
    desk = opened(answer, completion_answer("whole"))
    desk.ask("Where is my order?")

    assert desk.ask("Where is my order?") == "whole"


def test_a_streamed_answer_is_kept(opened: Any) -> None:
    """What was streamed to its end is an entry like any other."""
    desk = opened(stream_answer("ans", "wer"), completion_answer("other"))
    streamed = "".join(chunk.text for chunk in desk.engine.stream(Request(input="Where is my order?")))

    assert (streamed, desk.ask("Where is my order?")) == ("answer", "answer")


def test_entries_outlive_the_process(opened: Any, tmp_path: Path) -> None:
    """With a state in a file, what one engine kept answers in another, and at once in one that is open already."""
    state = str(tmp_path / "state.db")
    first, open_already = opened(state=state), opened(state=state)
    first.ask("Where is my order?")
    first.engine.close()

    later = opened(state=state)

    assert [(desk.ask("where is my order?"), desk.calls) for desk in (open_already, later)] == [("answer 1", 0)] * 2


def test_many_who_ask_at_once_are_one_call(opened: Any) -> None:
    """While one caller waits for the model, those who ask the same wait for it and get its answer."""
    hold = Hold()
    held = completion_answer("one for all")
    desk = opened(Answer(status=200, headers=held.headers, parts=(hold, *held.parts)), completion_answer("second"))
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(desk.ask, "Where is my order?")
        assert hold.reached.wait(5)
        others = [threads.submit(desk.ask, "where is my order?") for _ in range(5)]
        elsewhere = threads.submit(desk.ask, "How do I pay?").result(5)
        hold.let_go.set()
        answers = [future.result(5) for future in (first, *others)]

    assert (answers, elsewhere, desk.calls) == (["one for all"] * 6, "second", 2)


def test_who_waited_for_nothing_asks_by_itself(opened: Any) -> None:
    """Where the first caller's model fails, those who waited ask themselves, and nobody waits again."""
    hold = Hold()
    failing = error_answer(500, "broken")
    desk = opened(Answer(status=500, headers=failing.headers, parts=(hold, *failing.parts)), completion_answer("then"))

    async def all_of_them() -> list[str | None]:
        async with desk.engine as engine:
            asked = [asyncio.create_task(engine.complete_async(Request(input="Where is it?"))) for _ in range(3)]
            assert await asyncio.to_thread(hold.reached.wait, 5)
            hold.let_go.set()
            return [outcome.text for outcome in await asyncio.gather(*asked)]

    answers = asyncio.run(all_of_them())

    assert sorted(text or "" for text in answers) == ["", "then", "then"]


def test_an_embedder_that_is_not_there_is_told(opened: Any) -> None:
    """Without the model's weights the lookup is unknown and told, nothing is kept, and the request is answered."""
    desk = opened(cache="{kind: semantic, embedder: nobody-has-this}")

    assert [desk.ask("Where is my order?"), desk.ask("Where is my order?")] == ["answer 1", "answer 2"]
    reasons = [event.reason for event in desk.events if isinstance(event, SignalFailed)]
    assert reasons
    assert all("policy-engine embedder add" in reason for reason in reasons)


def test_without_what_entries_are_kept_apart_by_nothing_is_shared(opened: Any) -> None:
    """A request that lacks a name of the scope neither finds nor leaves an entry."""
    desk = opened(cache="{kind: semantic, embedder: hashed, scope: [session]}")

    assert [desk.ask("Where is it?"), desk.ask("Where is it?")] == ["answer 1", "answer 2"]
    assert [desk.ask("Where is it?", session="s"), desk.ask("Where is it?", session="s")] == ["answer 3", "answer 3"]
