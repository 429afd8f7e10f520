"""The transport against a real server on loopback: what it brings, keeps, bounds and how it fails."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from policy_engine.model.call import Failure, FailureKind
from policy_engine.transport.http import HttpTransport
from policy_engine.transport.message import Incoming, Outgoing, Timeouts
from tests.servers.scripted import HANG_UP, RESET, Answer, Hold, ScriptedServer, json_answer, sse_answer
from tests.transport.ways import PATIENT, SENDS, STREAMS, Send, post, send_sync

BOTH = pytest.mark.parametrize("send", SENDS, ids=lambda way: way.__name__)
BOTH_STREAMS = pytest.mark.parametrize("stream", STREAMS, ids=lambda way: way.__name__)
StreamWay = Callable[..., list[bytes | Failure]]


@BOTH
def test_an_answer_comes_back_whole(send: Send) -> None:
    """Status, headers by lower-case name and body come back; the request goes out as it was given."""
    with ScriptedServer(json_answer({"a": 1}, status=201, headers={"X-Id": "7"})) as server:
        (incoming,) = send(post(f"{server.url}/v1/x?y=1", b'{"q": 2}', authorization="Bearer k"))

    assert isinstance(incoming, Incoming)
    assert (incoming.status, incoming.body, incoming.content_type) == (201, b'{"a": 1}', "application/json")
    assert incoming.headers["x-id"] == "7"
    request = server.requests[0]
    assert (request.method, request.path, request.body) == ("POST", "/v1/x?y=1", b'{"q": 2}')
    assert request.headers["authorization"] == "Bearer k"


@BOTH
def test_connections_are_kept(send: Send) -> None:
    """Calls one after the other share a connection, chunked or not."""
    with ScriptedServer(json_answer({}), Answer(parts=(b"a", b"b")), json_answer({})) as server:
        answers = send(*[post(server.url)] * 3)

    assert [answer.body for answer in answers if isinstance(answer, Incoming)] == [b"{}", b"ab", b"{}"]
    assert server.connections == 1


@BOTH
def test_a_connection_that_the_server_closed_is_not_used_again(send: Send) -> None:
    """Where the server says `connection: close`, the next call makes a new connection."""
    with ScriptedServer(json_answer({}, headers={"connection": "close"})) as server:
        answers = send(post(server.url), post(server.url))

    assert [type(answer) for answer in answers] == [Incoming, Incoming]
    assert server.connections == 2


def test_an_idle_connection_is_let_go_in_time() -> None:
    """A connection that was idle for longer than `idle_s` is not used again."""
    with ScriptedServer(json_answer({})) as server:
        send_sync(post(server.url), post(server.url), idle_s=0.0)

    assert server.connections == 2


@BOTH
def test_a_compressed_answer_is_unpacked(send: Send) -> None:
    """A body that the server compresses, though not asked to, comes decoded."""
    body = gzip.compress(b'{"a": 1}')
    answer = Answer(headers={"content-encoding": "gzip"}, parts=(body,), length=len(body))
    with ScriptedServer(answer) as server:
        (incoming,) = send(post(server.url))

    assert isinstance(incoming, Incoming)
    assert incoming.body == b'{"a": 1}'


@BOTH
def test_a_refused_connection_was_surely_not_billed(send: Send) -> None:
    """Where nobody listens, the call fails as a connection and cannot have been billed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (failure,) = send(post(f"http://127.0.0.1:{port}/"))

    assert isinstance(failure, Failure)
    assert replace(failure, elapsed_s=0.0) == Failure(
        kind=FailureKind.CONNECTION, message=f"no connection could be made (`127.0.0.1:{port}`)", elapsed_s=0.0
    )


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        Answer(before=(RESET,)),
        Answer(before=(HANG_UP,)),
        Answer(parts=(b"ab", RESET)),
        Answer(parts=(b"ab", HANG_UP)),
        Answer(parts=(b"ab", HANG_UP), length=10),
    ],
    ids=["reset", "hang up", "reset in a chunked body", "truncated chunks", "truncated length"],
)
def test_a_connection_that_breaks_may_have_been_billed(send: Send, answer: Answer) -> None:
    """A connection that breaks before the answer's end, wherever, is a connection failure that may be billed."""
    with ScriptedServer(answer) as server:
        (failure,) = send(post(server.url))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed, failure.status) == (FailureKind.CONNECTION, True, None)


@BOTH
def test_what_is_no_http_makes_no_sense(send: Send) -> None:
    """A server that talks something else is a malformed answer."""
    with ScriptedServer(Answer(parts=(b"SSH-2.0-OpenSSH_9.2\r\n\r\n",), is_raw=True)) as server:
        (failure,) = send(post(server.url))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.MALFORMED, True)


@BOTH
def test_a_slow_first_byte_times_out(send: Send) -> None:
    """An answer that does not begin within the read timeout is a timeout that may be billed."""
    with ScriptedServer(Answer(before=(Hold(),))) as server:
        (failure,) = send(post(server.url), timeouts=Timeouts(overall_s=8.0, read_s=0.05))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.TIMEOUT, True)


@BOTH
def test_the_deadline_bounds_an_answer_that_trickles(send: Send) -> None:
    """An answer that keeps coming, but not to an end, is cut off at the overall deadline."""
    with ScriptedServer(Answer(parts=(b"a", Hold(), b"b"))) as server:
        (failure,) = send(post(server.url), timeouts=Timeouts(overall_s=0.1))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.TIMEOUT, True)
    assert failure.elapsed_s < 5


@BOTH
def test_nothing_is_sent_after_the_deadline(send: Send) -> None:
    """Without time left no request goes out, and none can have been billed."""
    with ScriptedServer(json_answer({})) as server:
        (failure,) = send(post(server.url), timeouts=Timeouts(overall_s=0.0))

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.TIMEOUT, False)
    assert server.requests == []


@BOTH
def test_an_answer_without_end_is_cut_off(send: Send) -> None:
    """An answer longer than the bound is malformed, and no more of it is held."""
    with ScriptedServer(Answer(parts=(b"x" * 600, b"x" * 600))) as server:
        (failure,) = send(post(server.url), most_bytes=1_000)

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.MALFORMED, True)
    assert failure.message == "the answer is longer than 1000 bytes (`127.0.0.1`)"


@BOTH
@pytest.mark.parametrize(
    "outgoing",
    [post("ftp://127.0.0.1/"), post("nonsense"), post("http://127.0.0.1:1/", authorization="k\r\nx: y")],
    ids=["scheme", "no address", "a header of two lines"],
)
def test_what_cannot_be_sent_is_a_failure_of_the_request(send: Send, outgoing: Outgoing) -> None:
    """An address or header that cannot be sent is told as the request's fault, and without its text."""
    (failure,) = send(outgoing)

    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.REQUEST, False)
    assert "x: y" not in failure.message


@BOTH_STREAMS
def test_a_stream_gives_pieces_as_they_come(stream: StreamWay) -> None:
    """Pieces that were sent apart come apart, and then the end."""
    hold = Hold()
    with ScriptedServer(sse_answer(b"data: a\n\n", hold, b"data: b\n\n")) as server:
        pieces = stream(post(server.url), hold.let_go.set)

    assert pieces == [b"data: a\n\n", b"data: b\n\n"]


@BOTH_STREAMS
def test_a_stream_that_breaks_ends_in_a_failure(stream: StreamWay) -> None:
    """What had come before a reset is given, then the Failure."""
    hold = Hold()
    with ScriptedServer(sse_answer(b"data: a\n\n", hold, RESET)) as server:
        first, failure = stream(post(server.url), hold.let_go.set)

    assert first == b"data: a\n\n"
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.may_be_billed) == (FailureKind.CONNECTION, True)


@pytest.mark.parametrize("most", [1, 2])
def test_no_more_connections_are_used_than_allowed(most: int) -> None:
    """With all connections in use, a further call waits no longer than the pool's timeout."""
    hold = Hold()
    with ScriptedServer(Answer(parts=(hold,)), json_answer({})) as server:
        transport = HttpTransport(max_connections=most)
        held = transport.stream(post(server.url), PATIENT)
        more = transport.send(post(server.url), Timeouts(overall_s=8.0, pool_s=0.05))
        assert not isinstance(held, Failure)
        held.close()
        transport.close()

    expected = FailureKind.TIMEOUT if most == 1 else None
    assert (more.kind if isinstance(more, Failure) else None) == expected
    assert not (isinstance(more, Failure) and more.may_be_billed)


def test_async_calls_of_several_loops_do_not_meet() -> None:
    """One transport serves one event loop after the other."""
    with ScriptedServer(json_answer({})) as server:
        transport = HttpTransport()

        async def once() -> Incoming | Failure:
            try:
                return await transport.send_async(post(server.url), PATIENT)
            finally:
                await transport.close_async()

        answers = [asyncio.run(once()), asyncio.run(once())]

    assert [type(answer) for answer in answers] == [Incoming, Incoming]


def test_many_threads_share_a_transport() -> None:
    """Concurrent calls each get their own answer."""
    with ScriptedServer(json_answer({})) as server:
        transport = HttpTransport()
        statuses: list[int] = []

        def work() -> None:
            for _ in range(10):
                answer = transport.send(post(server.url), PATIENT)
                statuses.append(answer.status if isinstance(answer, Incoming) else 0)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        transport.close()

    assert statuses == [200] * 80


def test_a_cancelled_call_gives_its_connection_up() -> None:
    """A call that is cancelled while it waits does not leave its connection to the next one."""
    hold = Hold()
    with ScriptedServer(Answer(before=(hold,)), json_answer({"late": True})) as server:

        async def ask() -> Incoming | Failure:
            transport = HttpTransport()
            first = asyncio.create_task(transport.send_async(post(server.url), PATIENT))
            await asyncio.to_thread(hold.reached.wait, 8)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            second = await transport.send_async(post(server.url), PATIENT)
            await transport.close_async()
            return second

        second = asyncio.run(ask())

    assert isinstance(second, Incoming)
    assert second.body == b'{"late": true}'
    assert server.connections == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_makes_its_own_connections() -> None:
    """After a fork the child does not write on the parent's connections."""
    with ScriptedServer(json_answer({})) as server:
        transport = HttpTransport()
        transport.send(post(server.url), PATIENT)
        child = os.fork()
        if child == 0:
            answer = transport.send(post(server.url), PATIENT)
            os._exit(0 if isinstance(answer, Incoming) else 1)
        _, status = os.waitpid(child, 0)
        transport.close()

    assert os.waitstatus_to_exitcode(status) == 0
    assert server.connections == 2


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls go by way of the proxy that the environment names, sync and async."""
    with ScriptedServer(json_answer({"by": "proxy"})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        answers = [send(post("http://model.example/v1"))[0] for send in SENDS]

    assert [answer.body for answer in answers if isinstance(answer, Incoming)] == [b'{"by": "proxy"}'] * 2
    assert {request.path for request in proxy.requests} == {"http://model.example/v1"}


def test_a_finished_stream_gives_its_connection_back() -> None:
    """A stream that is closed before its end was asked for, the end having come, leaves its connection for the next."""
    body = b"data: a\n\n"
    whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with ScriptedServer(Answer(parts=(whole,), length=0, is_raw=True, keeps=True)) as server:
        transport = HttpTransport()
        for _ in range(2):
            stream = transport.stream(post(server.url), PATIENT)
            assert not isinstance(stream, Failure)
            assert stream.read() == body
            stream.close()
        transport.close()

    assert server.connections == 1
