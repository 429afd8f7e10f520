"""Streams against a real server that speaks OpenAI's and Anthropic's wire formats."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy_engine.model.call import Failure, FailureKind, Reply, Usage
from policy_engine.transport.http import HttpTransport
from tests.providers.ways import STREAMED, Setup, Way, user
from tests.servers import anthropic_wire
from tests.servers.openai_wire import DONE, chunk, stream_answer, stream_parts, usage_chunk
from tests.servers.scripted import HANG_UP, RESET, Answer, Hold, ScriptedServer, event, json_answer, sse_answer

WAYS = pytest.mark.parametrize("ask", STREAMED, ids=lambda way: way.__name__)


@WAYS
def test_a_stream_gives_its_texts_and_then_the_whole_reply(ask: Way) -> None:
    """Each piece comes as a chunk with the API's own event, and the end is the reply that an unstreamed call gives."""
    with ScriptedServer(stream_answer("Hel", "lo.")) as server:
        asked = ask(Setup(kind="openai", url=server.url), user("Hi"))

    assert asked.texts == ["Hel", "lo."]
    assert asked.chunks[1].event["choices"] == [{"index": 0, "delta": {"content": "Hel"}, "finish_reason": None}]
    reply = asked.reply
    assert reply.first_token_s is not None
    assert 0 < reply.first_token_s <= reply.elapsed_s
    assert replace(reply, elapsed_s=0.0, first_token_s=None, body={}) == Reply(
        message={"role": "assistant", "content": "Hello."},
        finish_reason="stop",
        usage=Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4),
        elapsed_s=0.0,
        served_by="gpt-4o-mini-2024-07-18",
    )
    assert server.requests[0].json["stream_options"] == {"include_usage": True}


@WAYS
def test_tool_calls_and_logprobs_are_put_together(ask: Way) -> None:
    """Arguments that come in pieces, for several calls at once, and token probabilities make up the reply."""
    parts = (
        chunk({"role": "assistant", "content": None, "tool_calls": [_call(0, "a", "look_up", "")]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]}, logprobs=_logprobs(-0.5)),
        chunk({"tool_calls": [_call(1, "b", "look_up", "{}")]}, logprobs=_logprobs(-0.25)),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]}),
        chunk({"reasoning_content": "thus "}),
        chunk({"reasoning_content": "so"}, finish_reason="tool_calls"),
        DONE,
    )
    with ScriptedServer(sse_answer(*parts)) as server:
        reply = ask(Setup(kind="openai", url=server.url), user("Hi")).reply

    assert reply.message == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "look_up", "arguments": '{"x": 1}'}},
            {"id": "b", "type": "function", "function": {"name": "look_up", "arguments": "{}"}},
        ],
        "reasoning_content": "thus so",
    }
    assert (reply.logprobs, reply.finish_reason, reply.usage) == ((-0.5, -0.25), "tool_calls", None)


@WAYS
def test_tool_calls_without_an_index_are_told_apart_by_id(ask: Way) -> None:
    """Servers that leave the index out begin each call with a new id."""
    calls = [{name: value for name, value in _call(0, at, "f", "{}").items() if name != "index"} for at in "ab"]
    parts = (chunk({"tool_calls": [calls[0]]}), chunk({"tool_calls": [calls[1]]}, finish_reason="tool_calls"), DONE)
    with ScriptedServer(sse_answer(*parts)) as server:
        reply = ask(Setup(kind="openai", url=server.url), user("Hi")).reply

    assert reply.message["tool_calls"] == calls


@WAYS
def test_anthropics_stream_comes_in_openais_shape(ask: Way) -> None:
    """Text, thinking and tools come as chunks, and the end is the message that an unstreamed call gives."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {}}
    thoughts = [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "s1"}]
    inputs = [{"type": "input_json_delta", "partial_json": part} for part in ("", '{"order"', ": 7}")]
    answer = sse_answer(
        anthropic_wire.start(),
        anthropic_wire.tell("ping"),
        *anthropic_wire.block_parts(0, {"type": "thinking", "thinking": "", "signature": ""}, thoughts),
        *anthropic_wire.text_parts(1, "Wa", "it."),
        *anthropic_wire.block_parts(2, use, inputs),
        *anthropic_wire.finish("tool_use"),
    )
    with ScriptedServer(answer) as server:
        asked = ask(Setup(kind="anthropic", url=server.url), user("Hi"))

    assert asked.texts == ["Wa", "it."]
    call = {"id": "toolu_1", "type": "function", "function": {"name": "look_up", "arguments": '{"order": 7}'}}
    assert asked.reply.message == {
        "role": "assistant",
        "content": "Wait.",
        "tool_calls": [call],
        "reasoning_content": "hm",
        "content_blocks": [
            {"type": "thinking", "thinking": "hm", "signature": "s1"},
            {"type": "text", "text": "Wait."},
            {**use, "input": {"order": 7}},
        ],
    }
    assert asked.reply.usage == Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4)
    assert asked.reply.finish_reason == "tool_calls"
    deltas = [chunk.event["choices"][0]["delta"] for chunk in asked.chunks]
    assert {"tool_calls": [{"index": 0, "function": {"arguments": '{"order"'}}]} in deltas
    assert asked.chunks[-1].event["choices"][0]["finish_reason"] == "tool_calls"


@WAYS
@pytest.mark.parametrize(
    ("parts", "kind", "message"),
    [
        ((HANG_UP,), FailureKind.CONNECTION, None),
        ((RESET,), FailureKind.CONNECTION, None),
        ((), FailureKind.MALFORMED, "the stream ended before the answer did"),
        ((b'data: {"choices": [\n\n',), FailureKind.MALFORMED, "an event of the stream is no JSON"),
        ((event({"error": {"message": "melted", "code": 502}}),), FailureKind.SERVER, "melted"),
        (
            (event({"error": {"message": "slow down", "type": "rate_limit_error"}}),),
            FailureKind.RATE_LIMIT,
            "slow down",
        ),
    ],
    ids=["hang up", "reset", "truncated", "malformed", "error by code", "error by type"],
)
def test_a_stream_that_breaks_says_so_at_its_end(
    ask: Way, parts: tuple[object, ...], kind: FailureKind, message: str | None
) -> None:
    """A stream that breaks after its first words, in whichever way, gives what came, then a Failure, and no retry."""
    with ScriptedServer(sse_answer(chunk({"content": "Hel"}), *parts)) as server:
        asked = ask(Setup(kind="openai", url=server.url), user("Hi"))

    assert (asked.failure.kind, asked.failure.may_be_billed) == (kind, True)
    assert message in (None, asked.failure.message)
    assert len(server.requests) == 1


@WAYS
def test_an_overloaded_stream_of_anthropic_is_a_server_error(ask: Way) -> None:
    """An error event after the first text ends the stream as what it says."""
    error = anthropic_wire.tell("error", error={"type": "overloaded_error", "message": "Overloaded"})
    with ScriptedServer(sse_answer(anthropic_wire.start(), *anthropic_wire.text_parts(0, "Hel"), error)) as server:
        asked = ask(Setup(kind="anthropic", url=server.url), user("Hi"))

    assert asked.texts == ["Hel"]
    assert (asked.failure.kind, asked.failure.message) == (FailureKind.SERVER, "Overloaded")


@WAYS
@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            sse_answer(event({"error": {"message": "prompt is too long", "code": 400}})),
            FailureKind.CONTEXT_OVERFLOW,
            "prompt is too long",
        ),
        (sse_answer(), FailureKind.MALFORMED, "the stream ended before the answer did"),
        (sse_answer(DONE), FailureKind.MALFORMED, "the answer holds nothing"),
        (
            json_answer({"choices": [{"message": {"content": "a"}}]}),
            FailureKind.MALFORMED,
            "the answer has `application/json` where a stream was expected",
        ),
        (
            json_answer({"error": {"message": "oops", "code": 500}}),
            FailureKind.SERVER,
            "oops",
        ),
        (
            Answer(headers={"content-type": "text/html"}, parts=(b"<html>",)),
            FailureKind.MALFORMED,
            "the answer has `text/html` where a stream was expected",
        ),
    ],
    ids=["error first", "empty", "done at once", "not streamed", "error as JSON", "wrong content type"],
)
def test_a_stream_without_a_first_word_was_never_opened(
    ask: Way, answer: Answer, kind: FailureKind, message: str
) -> None:
    """What goes wrong before the first chunk is told by `open`, so that another model can be tried."""
    with ScriptedServer(answer) as server:
        asked = ask(Setup(kind="openai", url=server.url, retries=0), user("Hi"))

    assert (asked.failure.kind, asked.failure.message, asked.chunks) == (kind, message, [])


@WAYS
def test_an_error_before_the_first_word_is_tried_again(ask: Way) -> None:
    """An overloaded server that says so at the head of a stream has done no work, and is asked again."""
    error = anthropic_wire.tell("error", error={"type": "overloaded_error", "message": "Overloaded"})
    with ScriptedServer(sse_answer(error), anthropic_wire.stream_answer("Hi")) as server:
        asked = ask(Setup(kind="anthropic", url=server.url), user("Hi"))

    assert (asked.reply.text, asked.waits_s) == ("Hi", [0.25])


@WAYS
@pytest.mark.parametrize("ending", [(), (HANG_UP,)], ids=["end", "hang up"])
def test_an_answer_with_its_finish_reason_is_whole(ask: Way, ending: tuple[object, ...]) -> None:
    """A server that leaves `[DONE]` out, or breaks after the last word, has given a whole answer."""
    parts = (chunk({"content": "Hi"}), chunk({}, finish_reason="stop"), usage_chunk(), *ending)
    with ScriptedServer(sse_answer(*parts)) as server:
        reply = ask(Setup(kind="openai", url=server.url), user("Hi")).reply

    assert (reply.text, reply.finish_reason) == ("Hi", "stop")


@WAYS
def test_a_stall_in_the_middle_ends_at_the_timeout(ask: Way) -> None:
    """A stream of which the next piece does not come within the provider's timeout ends as a timeout."""
    with ScriptedServer(sse_answer(chunk({"content": "Hel"}), Hold(), DONE)) as server:
        asked = ask(Setup(kind="openai", url=server.url, timeout_s=0.2), user("Hi"))

    assert asked.texts == ["Hel"]
    assert (asked.failure.kind, asked.failure.may_be_billed) == (FailureKind.TIMEOUT, True)


def test_a_stream_that_is_left_says_that_it_was_not_read() -> None:
    """Closing early lets the connection go; the end then is a Failure that may be billed."""
    with ScriptedServer(sse_answer(chunk({"content": "Hel"}), Hold(), DONE)) as server:
        transport = HttpTransport()
        stream = Setup(kind="openai", url=server.url).provider(transport, []).open(user("Hi"), "m", timeout_s=8.0)
        assert not isinstance(stream, Failure)
        first = next(iter(stream))
        stream.close()
        end = stream.end
        transport.close()

    assert first.text == "Hel"
    assert isinstance(end, Failure)
    assert (end.kind, end.message, end.may_be_billed) == (
        FailureKind.CONNECTION,
        "the answer was not read to its end",
        True,
    )


@WAYS
def test_a_stream_is_cut_anywhere(ask: Way) -> None:
    """A stream that comes byte by byte says the same as one that comes at once."""
    whole = b"".join(stream_parts("Grüße ", "🙂"))
    with ScriptedServer(sse_answer(*(bytes([byte]) for byte in whole))) as server:
        asked = ask(Setup(kind="openai", url=server.url), user("Hi"))

    assert asked.texts == ["Grüße ", "🙂"]
    assert asked.reply.text == "Grüße 🙂"


@WAYS
def test_comments_keep_a_stream_alive(ask: Way) -> None:
    """Comment lines, as OpenRouter sends while a model thinks, are passed over."""
    with ScriptedServer(sse_answer(b": PROCESSING\n\n", *stream_parts("Hi"))) as server:
        reply = ask(Setup(kind="openai", url=server.url), user("Hi")).reply

    assert reply.text == "Hi"


def _call(index: int, at: str, name: str, arguments: str) -> dict[str, object]:
    return {"index": index, "id": at, "type": "function", "function": {"name": name, "arguments": arguments}}


def _logprobs(value: float) -> dict[str, object]:
    return {"content": [{"token": "t", "logprob": value}]}
