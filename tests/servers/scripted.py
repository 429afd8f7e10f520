"""
A real HTTP server on loopback that answers as a script says and records what it was asked.

    with ScriptedServer(json_answer({…}), Answer(status=429, headers={"retry-after": "1"}), …) as server:
        …                                  # the first request gets the first answer, and so on; the last one stays
        server.requests[0].json

What an answer sends is a row of parts: bytes, a `Hold` that waits until the test lets go, `RESET` and `HANG_UP`.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}
_HOLD_AT_MOST_S = 10.0


class End(Enum):
    """A way for the server to stop talking in the middle."""

    RESET = "reset"
    HANG_UP = "hang up"


RESET = End.RESET
HANG_UP = End.HANG_UP


@dataclass(frozen=True, slots=True)
class Hold:
    """A place in an answer where the server waits; `reached` is set when it does, `let_go` makes it go on."""

    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)


Part = bytes | Hold | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    One answer. `is_raw` parts are sent as they are, head included; else each bytes part of the body is a chunk.
    After raw parts the server hangs up, unless it `keeps` the connection.

    With `length` the body has a content-length of so many bytes, whatever is sent.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[Part] = ()
    length: int | None = None
    before: Sequence[Part] = ()
    is_raw: bool = False
    keeps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request as it came in; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def json_answer(payload: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer of one JSON value."""
    body = json.dumps(payload).encode()
    told = {"content-type": "application/json", **(headers or {})}
    return Answer(status=status, headers=told, parts=(body,), length=len(body))


def sse_answer(*parts: Part, headers: Mapping[str, str] | None = None) -> Answer:
    """A stream of server-sent events; see `event` for its bytes."""
    return Answer(headers={"content-type": "text/event-stream; charset=utf-8", **(headers or {})}, parts=parts)


def event(payload: Any, *, name: str | None = None) -> bytes:
    """One event; a text is sent as it is, anything else as JSON."""
    data = payload if isinstance(payload, str) else json.dumps(payload)
    return ((f"event: {name}\n" if name else "") + f"data: {data}\n\n").encode()


class ScriptedServer:
    """The server; `url` is its address. It is safe under many connections at once."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: dict[int, socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._holds = [part for a in answers for part in (*a.before, *a.parts) if isinstance(part, Hold)]
        self.requests: list[Recorded] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many different connections carried a request."""
        return len({request.connection for request in self.requests})

    def answer_with(self, *answers: Answer) -> None:
        """Replaces what is left of the script."""
        with self._lock:
            self._answers = list(answers)
            self._holds += [part for a in answers for part in (*a.before, *a.parts) if isinstance(part, Hold)]

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for hold in self._holds:
            hold.let_go.set()
        with self._lock:
            self._shut(self._listener)
            for connection in self._open.values():
                self._shut(connection)
        for thread in self._threads:
            thread.join(timeout=_HOLD_AT_MOST_S)

    def _shut(self, end: socket.socket) -> None:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

    def _spawn(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, (_, port) = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open[port] = connection
            self._spawn(self._serve, connection, port)

    def _serve(self, connection: socket.socket, port: int) -> None:
        try:
            with connection, connection.makefile("rb") as incoming:
                while (request := _read_request(incoming, port)) is not None:
                    if not _send(connection, self._next(request)):
                        return
        except (OSError, ValueError):
            return
        finally:
            with self._lock:
                self._open.pop(port, None)

    def _next(self, request: Recorded) -> Answer:
        with self._lock:
            self.requests.append(request)
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def _read_request(incoming: Any, port: int) -> Recorded | None:
    first = incoming.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := incoming.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", "0")))
    return Recorded(method=first[0], path=first[1], headers=headers, body=body, connection=port)


def _send(connection: socket.socket, answer: Answer) -> bool:
    """Sends an answer; whether the connection lives on."""
    for part in answer.before:
        if not _send_part(connection, part, framed=False):
            return False
    if not answer.is_raw:
        connection.sendall(_head(answer))
    is_chunked = not answer.is_raw and answer.length is None
    for part in answer.parts:
        if not _send_part(connection, part, framed=is_chunked):
            return False
    if is_chunked:
        connection.sendall(b"0\r\n\r\n")
    return answer.keeps or not answer.is_raw


def _send_part(connection: socket.socket, part: Part, *, framed: bool) -> bool:
    if isinstance(part, Hold):
        part.reached.set()
        part.let_go.wait(_HOLD_AT_MOST_S)
    elif part is RESET:
        # Lingering for no time makes the close a reset.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    elif part is HANG_UP:
        return False
    elif isinstance(part, bytes):
        connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if framed else part)
    return True


def _head(answer: Answer) -> bytes:
    framing = {"transfer-encoding": "chunked"} if answer.length is None else {"content-length": str(answer.length)}
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in {**answer.headers, **framing}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
