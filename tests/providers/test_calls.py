"""Providers against a real server that speaks OpenAI's and Anthropic's wire formats: calls, errors, retries."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from policy_engine.model.call import Failure, FailureKind, Prompt, Reply, Usage
from policy_engine.transport.http import HttpTransport
from tests.providers.ways import EVERY, WHOLE, Setup, Way, call_sync, user
from tests.servers import anthropic_wire, openai_wire
from tests.servers.openai_wire import completion, completion_answer, stream_answer
from tests.servers.scripted import HANG_UP, RESET, Answer, Hold, ScriptedServer, json_answer

WHOLE_WAYS = pytest.mark.parametrize("ask", WHOLE, ids=lambda way: way.__name__)
EVERY_WAY = pytest.mark.parametrize("ask", EVERY, ids=lambda way: way.__name__)


@WHOLE_WAYS
def test_a_completion_comes_back_as_a_reply(ask: Way) -> None:
    """Message, finish reason, usage with cached tokens, served model and the raw body come back."""
    with ScriptedServer(completion_answer("Hello.", logprobs=(-0.5, -0.25), annotations=[])) as server:
        reply = ask(Setup(kind="openai", url=f"{server.url}/v1"), user("Hi", logprobs=True)).reply

    assert replace(reply, elapsed_s=0.0) == Reply(
        message={"role": "assistant", "content": "Hello.", "refusal": None, "annotations": []},
        finish_reason="stop",
        usage=Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4),
        elapsed_s=0.0,
        logprobs=(-0.5, -0.25),
        served_by="gpt-4o-mini-2024-07-18",
        body=completion("Hello.", logprobs=(-0.5, -0.25), annotations=[]),
    )


@WHOLE_WAYS
def test_a_call_goes_out_as_openai_wants_it(ask: Way) -> None:
    """Path, key, further headers and the whole body reach the server."""
    prompt = user("Hi", params={"max_tokens": 5}, extra={"seed": 7, "x_unknown": [1]}, logprobs=True)
    with ScriptedServer(completion_answer()) as server:
        ask(Setup(kind="openai", url=f"{server.url}/v1", model="gpt", headers={"X-Team": "support"}), prompt)

    request = server.requests[0]
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert (request.headers["x-team"], request.headers["content-type"]) == ("support", "application/json")
    assert request.json == {
        "model": "gpt",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 5,
        "seed": 7,
        "x_unknown": [1],
        "logprobs": True,
    }


@WHOLE_WAYS
def test_a_message_comes_back_as_a_reply(ask: Way) -> None:
    """Anthropic's answer comes back in OpenAI's shape, its own body beside it; cached tokens count as input."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"order": 7}}
    answer = anthropic_wire.message_answer({"type": "text", "text": "Wait."}, use, stop_reason="tool_use")
    with ScriptedServer(answer) as server:
        reply = ask(Setup(kind="anthropic", url=server.url, api_key="${ANTHROPIC_API_KEY}"), user("Hi")).reply

    call = {"id": "toolu_1", "type": "function", "function": {"name": "look_up", "arguments": '{"order": 7}'}}
    assert replace(reply, elapsed_s=0.0, body={}) == Reply(
        message={"role": "assistant", "content": "Wait.", "tool_calls": [call]},
        finish_reason="tool_calls",
        usage=Usage(input_tokens=12, output_tokens=3, cached_input_tokens=4),
        elapsed_s=0.0,
        served_by="claude-haiku-4-5-20251001",
    )
    request = server.requests[0]
    assert (request.path, request.headers["x-api-key"]) == ("/v1/messages", "sk-ant-secret")
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.json == {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "Hi"}]}


@EVERY_WAY
def test_a_call_is_tried_again_when_the_server_says_so(ask: Way) -> None:
    """After 429 with retry-after the provider waits that long, and the jitter, then asks again."""
    answers = (openai_wire.error_answer(429, "slow down", headers={"retry-after": "3"}), *[_good(ask)])
    with ScriptedServer(*answers) as server:
        asked = ask(Setup(kind="openai", url=server.url, timeout_s=30.0), user("Hi"))

    assert asked.reply.text == "Hello there."
    assert asked.waits_s == [3.25]
    assert len(server.requests) == 2


@WHOLE_WAYS
@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after-ms": "1500"}, 1.75),
        ({"retry-after": "Mon, 23 Nov 2026 10:00:04 GMT"}, 4.25),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:00 GMT"}, 0.25),
        ({"retry-after": "soon"}, 0.25),
        ({}, 0.25),
    ],
)
def test_retry_after_is_read_in_all_its_forms(ask: Way, headers: dict[str, str], wait_s: float) -> None:
    """Milliseconds, dates, dates in the past and nonsense each give a wait."""
    with ScriptedServer(openai_wire.error_answer(503, "busy", headers=headers), completion_answer()) as server:
        asked = ask(Setup(kind="openai", url=server.url), user("Hi"))

    assert asked.waits_s == [wait_s]


@EVERY_WAY
def test_retries_end(ask: Way) -> None:
    """After its retries, with doubled jitter each time, the last failure is told."""
    with ScriptedServer(openai_wire.error_answer(500, "oops")) as server:
        asked = ask(Setup(kind="openai", url=server.url, retries=2), user("Hi"))

    assert (asked.failure.kind, asked.failure.status) == (FailureKind.SERVER, 500)
    assert asked.waits_s == [0.25, 0.5]
    assert len(server.requests) == 3


@EVERY_WAY
def test_no_retry_begins_after_the_deadline(ask: Way) -> None:
    """Where the server asks for a wait beyond the deadline, its failure is told at once, with what it asked for."""
    with ScriptedServer(openai_wire.error_answer(429, "slow down", headers={"retry-after": "20"})) as server:
        asked = ask(Setup(kind="openai", url=server.url), user("Hi"))

    assert replace(asked.failure, elapsed_s=0.0) == Failure(
        kind=FailureKind.RATE_LIMIT, message="status 429: slow down", elapsed_s=0.0, status=429, retry_after_s=20.0
    )
    assert (len(server.requests), asked.waits_s) == (1, [])


@EVERY_WAY
@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (openai_wire.error_answer(400, "bad `n`"), FailureKind.REQUEST, "status 400: bad `n`"),
        (openai_wire.error_answer(401, "no key"), FailureKind.AUTHENTICATION, "status 401: no key"),
        (openai_wire.error_answer(403, "not you"), FailureKind.AUTHENTICATION, "status 403: not you"),
        (openai_wire.error_answer(404, "no model"), FailureKind.REQUEST, "status 404: no model"),
        (openai_wire.error_answer(413, "too big"), FailureKind.CONTEXT_OVERFLOW, "status 413: too big"),
        (
            openai_wire.error_answer(400, "too long", code="context_length_exceeded"),
            FailureKind.CONTEXT_OVERFLOW,
            "status 400: too long",
        ),
        (
            anthropic_wire.error_answer(400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
            FailureKind.CONTEXT_OVERFLOW,
            "status 400: prompt is too long: 9 tokens > 8 maximum",
        ),
        (json_answer({"detail": "nope"}, status=422), FailureKind.REQUEST, "status 422: nope"),
        (
            Answer(status=302, headers={"location": "/x"}),
            FailureKind.REQUEST,
            "status 302: the address has moved; correct `base_url`",
        ),
    ],
)
def test_what_is_the_requests_fault_is_not_tried_again(
    ask: Way, answer: Answer, kind: FailureKind, message: str
) -> None:
    """Client errors are told in the API's words, by kind, after one try, and were not billed."""
    with ScriptedServer(answer) as server:
        failure = ask(Setup(kind="openai", url=server.url), user("Hi")).failure

    assert (failure.kind, failure.message, failure.may_be_billed) == (kind, message, False)
    assert len(server.requests) == 1


@WHOLE_WAYS
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (408, FailureKind.TIMEOUT),
        (429, FailureKind.RATE_LIMIT),
        (500, FailureKind.SERVER),
        (502, FailureKind.SERVER),
        (529, FailureKind.SERVER),
    ],
)
def test_what_may_pass_is_passed_on(ask: Way, status: int, kind: FailureKind) -> None:
    """Timeouts, rate limits and server errors are failures that the next model may be tried after."""
    with ScriptedServer(Answer(status=status, parts=(b"<html>oops</html>",))) as server:
        failure = ask(Setup(kind="anthropic", url=server.url, retries=0), user("Hi")).failure

    assert (failure.kind, failure.status, failure.kind.is_passed_on) == (kind, status, True)
    assert failure.message == f"status {status} without an explanation"


@WHOLE_WAYS
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(headers={"content-type": "application/json"}, parts=(b'{"choices": [',)), "the answer is no JSON"),
        (json_answer([1]), "the answer is no object"),
        (json_answer({"choices": []}), "the answer holds no message"),
        (
            Answer(headers={"content-type": "text/html; charset=utf-8"}, parts=(b"<html>",)),
            "the answer has `text/html` where JSON was expected",
        ),
    ],
)
def test_an_answer_that_makes_no_sense_may_be_billed(ask: Way, answer: Answer, message: str) -> None:
    """Malformed JSON, wrong shapes and wrong content types are told once; a call that may be billed is not repeated."""
    with ScriptedServer(answer) as server:
        failure = ask(Setup(kind="openai", url=server.url), user("Hi")).failure

    assert (failure.kind, failure.message, failure.may_be_billed) == (FailureKind.MALFORMED, message, True)
    assert len(server.requests) == 1


@WHOLE_WAYS
@pytest.mark.parametrize("end", [RESET, HANG_UP])
def test_a_broken_answer_is_not_asked_for_twice(ask: Way, end: object) -> None:
    """A connection that breaks in the answer may be billed, so the call is not made again."""
    with ScriptedServer(Answer(headers={"content-type": "application/json"}, parts=(b'{"a', end))) as server:
        failure = ask(Setup(kind="openai", url=server.url), user("Hi")).failure

    assert (failure.kind, failure.may_be_billed) == (FailureKind.CONNECTION, True)
    assert len(server.requests) == 1


@EVERY_WAY
def test_a_slow_first_byte_ends_at_the_timeout(ask: Way) -> None:
    """A server that does not begin to answer within the provider's timeout is a timeout that may be billed."""
    with ScriptedServer(Answer(before=(Hold(),))) as server:
        failure = ask(Setup(kind="openai", url=server.url, timeout_s=0.25), user("Hi")).failure

    assert (failure.kind, failure.may_be_billed) == (FailureKind.TIMEOUT, True)
    assert len(server.requests) == 1


@EVERY_WAY
def test_without_its_key_a_call_is_not_made(ask: Way) -> None:
    """A variable that is unset or empty is named, with what to do; nothing is sent."""
    with ScriptedServer(completion_answer()) as server:
        failure = ask(Setup(kind="openai", url=server.url, environment={"OPENAI_API_KEY": " "}), user("Hi")).failure

    assert failure == Failure(
        kind=FailureKind.MISSING_KEY,
        message="provider `openai` needs the environment variable `OPENAI_API_KEY`; set it and call again",
        elapsed_s=0.0,
    )
    assert server.requests == []


@EVERY_WAY
def test_a_key_in_an_error_is_hidden(ask: Way) -> None:
    """An API that quotes the key back does not bring it into a Failure."""
    with ScriptedServer(openai_wire.error_answer(401, "wrong key sk-secret")) as server:
        failure = ask(Setup(kind="openai", url=server.url), user("Hi")).failure

    assert failure.message == "status 401: wrong key [hidden]"


@EVERY_WAY
def test_the_address_may_stand_in_the_environment(ask: Way) -> None:
    """`${NAME}` in base_url and headers is read when the call is made; its white space is dropped."""
    with ScriptedServer(_good(ask)) as server:
        environment = {"LLM_URL": f"{server.url}/v1\n", "TEAM": "support"}
        setup = Setup(
            kind="openai", url="${LLM_URL}", environment=environment, api_key=None, headers={"x-team": "${TEAM}"}
        )
        asked = ask(setup, user("Hi"))

    assert asked.reply.text == "Hello there."
    assert server.requests[0].headers["x-team"] == "support"
    assert "authorization" not in server.requests[0].headers


@EVERY_WAY
@pytest.mark.parametrize("value", [float("nan"), object()])
def test_what_json_cannot_say_is_not_sent(ask: Way, value: object) -> None:
    """A parameter that is no JSON value is the request's fault."""
    with ScriptedServer(completion_answer()) as server:
        failure = ask(Setup(kind="openai", url=server.url), user("Hi", params={"temperature": value})).failure

    assert failure.kind is FailureKind.REQUEST
    assert server.requests == []


@WHOLE_WAYS
def test_any_text_survives_the_way_there_and_back(ask: Way) -> None:
    """Text of any script, and even half a surrogate pair, reaches the server and comes back."""
    text = "naïve 漢字 🙂 \ud800 \x00 end"
    with ScriptedServer(completion_answer(text)) as server:
        reply = ask(Setup(kind="openai", url=server.url), user(text)).reply

    assert (reply.text, server.requests[0].json["messages"][0]["content"]) == (text, text)


def test_concurrent_calls_share_a_provider() -> None:
    """Fifty calls at once over one provider each get their answer."""
    with ScriptedServer(completion_answer()) as server:

        async def ask() -> list[Reply | Failure]:
            transport = HttpTransport()
            provider = Setup(kind="openai", url=server.url).provider(transport, [])
            calls = (provider.call_async(Prompt(messages=()), "m", timeout_s=8.0) for _ in range(50))
            replies = await asyncio.gather(*calls)
            await transport.close_async()
            return replies

        replies = asyncio.run(ask())

    assert [type(reply) for reply in replies] == [Reply] * 50
    assert len(server.requests) == 50


def test_elapsed_time_counts_from_the_first_try() -> None:
    """A reply's elapsed seconds are what the caller waited, within the time that passed."""
    began_s = time.monotonic()
    with ScriptedServer(completion_answer()) as server:
        reply = call_sync(Setup(kind="openai", url=server.url), user("Hi")).reply

    assert 0 < reply.elapsed_s <= time.monotonic() - began_s


def _good(ask: Way) -> Answer:
    return completion_answer() if ask in WHOLE else stream_answer("Hello", " there.")
