"""
An httpx transport over the standard library's HTTP/1.1, for a quarter of the processor time of httpx's own.

It sends a request in one piece, reads the answer's head with `http.client`, and keeps the connection when the body was
read to its end. Proxies are left to httpx's own transport.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any

import httpx

from policy_engine.transport.deadline import EXTENSION, Clock, Deadline
from policy_engine.transport.message import Timeouts
from policy_engine.transport.pool import Origin, Pool

_PIECE = 65_536
_PORTS = {"http": 80, "https": 443}


class KeepAliveTransport(httpx.BaseTransport):
    """
    Sends `httpx.Request`s over kept connections; safe under threads.

    A request's `timeout` extension is honoured by phase, and so is its `deadline` extension, a Deadline.
    """

    def __init__(
        self,
        ssl_context: Callable[[], ssl.SSLContext],
        *,
        max_connections: int = 100,
        idle_s: float = 30.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._ssl_context = ssl_context
        self._clock = clock
        self._pool = Pool(self._connect, most=max_connections, idle_s=idle_s, clock=clock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the server, its body yet to be read; raises httpx's exceptions."""
        limits = request.extensions.get("timeout", {})
        deadline = request.extensions.get(EXTENSION) or Deadline.of(Timeouts(), self._clock)
        origin = _origin(request.url)
        connection = self._pool.take(
            origin,
            pool_s=deadline.within(limits.get("pool"), passed=httpx.PoolTimeout),
            connect_s=deadline.within(limits.get("connect"), passed=httpx.ConnectTimeout),
        )
        try:
            _write(connection, request, deadline.within(limits.get("write"), passed=httpx.WriteTimeout))
            timed = _Timed(connection, lambda: deadline.within(limits.get("read")))
            answer = _read_head(timed, request.method)
        except BaseException:
            self._pool.drop(connection)
            raise
        body = _Body(answer, timed, give_back=lambda keep: self._give_back(origin, connection, keep))
        return httpx.Response(answer.status, headers=answer.getheaders(), stream=body)

    def close(self) -> None:
        """Ends all idle connections."""
        self._pool.close()

    def _give_back(self, origin: Origin, connection: socket.socket, keep: bool) -> None:
        if keep:
            self._pool.keep(origin, connection)
        else:
            self._pool.drop(connection)

    def _connect(self, origin: Origin, timeout_s: float | None) -> socket.socket:
        scheme, host, port = origin
        try:
            connection = socket.create_connection((host, port), timeout=timeout_s)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._secured(connection, host) if scheme == "https" else connection
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"`{host}` did not answer in time") from error
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error

    def _secured(self, connection: socket.socket, host: str) -> socket.socket:
        try:
            return self._ssl_context().wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise


class _Body(httpx.SyncByteStream):
    """The body of an answer, which gives the connection back once."""

    def __init__(self, answer: HTTPResponse, timed: _Timed, *, give_back: Callable[[bool], None]) -> None:
        self._answer = answer
        self._timed = timed
        self._give_back = give_back
        self._is_whole = False
        self._is_open = True

    def __iter__(self) -> Iterator[bytes]:
        while piece := _reading(lambda: self._answer.read1(_PIECE)):
            yield piece
        if self._answer.length:
            raise httpx.RemoteProtocolError(f"the answer broke off {self._answer.length} bytes before its end")
        self._is_whole = True

    def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        keep = not self._answer.will_close and (self._is_whole or self._has_nothing_left())
        self._answer.close()
        self._give_back(keep)

    def _has_nothing_left(self) -> bool:
        """Whether the end of the body is here already, though nobody asked for it; this does not wait."""
        self._timed.stop_waiting()
        try:
            return self._answer.read1(_PIECE) == b"" and not self._answer.length
        except (OSError, HTTPException, ValueError):
            return False


class _Timed(io.RawIOBase):
    """The reading end of a socket, which looks at the clock before it waits; `makefile` is for HTTPResponse."""

    def __init__(self, connection: socket.socket, left_s: Callable[[], float | None]) -> None:
        self._connection = connection
        self._left_s = left_s

    def stop_waiting(self) -> None:
        """From now on gives only what has arrived."""
        self._left_s = _at_once

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self, _PIECE)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._left_s())
        return self._connection.recv_into(buffer)


def _at_once() -> float:
    return 0.0


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.raw_host.decode("ascii").strip("[]"), url.port or _PORTS[url.scheme]


def _write(connection: socket.socket, request: httpx.Request, timeout_s: float | None) -> None:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    try:
        connection.settimeout(timeout_s)
        connection.sendall(b"\r\n".join([*lines, b"", request.read()]))
    except TimeoutError as error:
        raise httpx.WriteTimeout("the request was not taken in time") from error
    except (BrokenPipeError, ConnectionResetError):
        return  # a server that refuses a request may answer and hang up before it has read it all
    except OSError as error:
        raise httpx.WriteError(str(error)) from error


def _read_head(timed: _Timed, method: str) -> HTTPResponse:
    answer = HTTPResponse(timed, method=method)  # type: ignore[arg-type]  # it only calls makefile
    try:
        _reading(answer.begin)
    except BaseException:
        answer.close()
        raise
    return answer


def _reading(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except TimeoutError as error:
        raise httpx.ReadTimeout("the server did not answer in time") from error
    except ConnectionError as error:  # RemoteDisconnected among them
        raise httpx.ReadError(str(error) or "the connection was reset") from error
    except IncompleteRead as error:
        raise httpx.ReadError("the answer broke off") from error
    except (HTTPException, ValueError) as error:
        raise httpx.RemoteProtocolError(f"the answer is no HTTP: {type(error).__name__}") from error
    except OSError as error:
        raise httpx.ReadError(str(error)) from error
