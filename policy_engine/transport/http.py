"""The Transport over httpx's interface: pools, timeouts by phase, an overall deadline and a bound on answers."""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
import time
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import httpx

from policy_engine.model.call import Failure
from policy_engine.transport.asynchronous import httpx_errors, load_transport, make_transport
from policy_engine.transport.deadline import EXTENSION, Clock, Deadline
from policy_engine.transport.failures import failure_of
from policy_engine.transport.keep_alive import KeepAliveTransport
from policy_engine.transport.message import Incoming, Outgoing, Timeouts
from policy_engine.transport.proxies import proxy_for
from policy_engine.transport.streams import AsyncBodyStream, BodyStream

if TYPE_CHECKING:
    from httpx_aiohttp import AiohttpTransport

_FOREIGN = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError)


class HttpTransport:
    """
    A Transport with connections of its own; safe under threads, in several event loops and across a fork.

    Args:
        max_connections: how many may be in use at once, for sync calls and for those of each event loop.
        idle_s: how long an unused connection is kept.
        most_bytes: the longest answer that is taken, decoded.
    """

    def __init__(
        self,
        *,
        max_connections: int = 200,
        idle_s: float = 30.0,
        most_bytes: int = 64_000_000,
        clock: Clock = time.monotonic,
    ) -> None:
        self._max_connections = max_connections
        self._idle_s = idle_s
        self._most_bytes = most_bytes
        self._clock = clock
        self._way = lru_cache(maxsize=256)(_way_to)  # the environment is read once for each address
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._sync: dict[str | None, httpx.BaseTransport] = {}
        self._async: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str | None, AiohttpTransport]]
        self._async = WeakKeyDictionary()

    def send(self, outgoing: Outgoing, timeouts: Timeouts) -> Incoming | Failure:
        """The whole answer. Blocks."""
        deadline = Deadline.of(timeouts, self._clock)
        stream = self._open(outgoing, timeouts, deadline)
        if isinstance(stream, Failure):
            return stream
        try:
            return _whole(stream, stream.read_all(), deadline)
        finally:
            stream.close()

    async def send_async(self, outgoing: Outgoing, timeouts: Timeouts) -> Incoming | Failure:
        """The whole answer."""
        deadline = self._awaited_deadline(timeouts)
        stream = await self._open_async(outgoing, timeouts, deadline)
        if isinstance(stream, Failure):
            return stream
        try:
            return _whole(stream, await stream.read_all(), deadline)
        finally:
            await stream.close()

    def stream(self, outgoing: Outgoing, timeouts: Timeouts) -> BodyStream | Failure:
        """The answer from its head on. Blocks until the head has come."""
        return self._open(outgoing, timeouts, Deadline.of(timeouts, self._clock))

    async def stream_async(self, outgoing: Outgoing, timeouts: Timeouts) -> AsyncBodyStream | Failure:
        """The answer from its head on."""
        return await self._open_async(outgoing, timeouts, self._awaited_deadline(timeouts))

    def close(self) -> None:
        """Ends all idle connections of sync calls; later calls make new ones."""
        with self._lock:
            transports, self._sync = self._sync, {}
        for transport in transports.values():
            transport.close()

    async def close_async(self) -> None:
        """Ends all connections that async calls of this event loop made, and those of sync calls."""
        self.close()
        for transport in self._async.pop(asyncio.get_running_loop(), {}).values():
            await transport.aclose()

    def _awaited_deadline(self, timeouts: Timeouts) -> Deadline:
        """A deadline that begins when everything an awaited call needs is loaded, which the first call waits for."""
        load_transport()
        return Deadline.of(timeouts, self._clock)

    def _open(self, outgoing: Outgoing, timeouts: Timeouts, deadline: Deadline) -> BodyStream | Failure:
        try:
            url, proxy = self._way(outgoing.url)
            request = _request(outgoing, url, timeouts, deadline)
            response = self._sync_transport(proxy).handle_request(request)
        except _FOREIGN as error:
            return failure_of(error, host=_host(outgoing), elapsed_s=deadline.elapsed_s())
        return BodyStream(response, host=url.host, deadline=deadline, most_bytes=self._most_bytes)

    async def _open_async(
        self, outgoing: Outgoing, timeouts: Timeouts, deadline: Deadline
    ) -> AsyncBodyStream | Failure:
        try:
            url, proxy = self._way(outgoing.url)
            request = _request(outgoing, url, timeouts, deadline)
            transport = self._async_transport(proxy)
            with httpx_errors():
                async with asyncio.timeout(deadline.within(None)):
                    response = await transport.handle_async_request(request)
        except _FOREIGN as error:
            return failure_of(error, host=_host(outgoing), elapsed_s=deadline.elapsed_s())
        return AsyncBodyStream(response, host=url.host, deadline=deadline, most_bytes=self._most_bytes)

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def _sync_transport(self, proxy: str | None) -> httpx.BaseTransport:
        if os.getpid() != self._process:
            self._forget_the_parent()
        transport = self._sync.get(proxy)
        if transport is None:
            with self._lock:
                transport = self._sync.setdefault(proxy, self._make(proxy))
        return transport

    def _make(self, proxy: str | None) -> httpx.BaseTransport:
        if proxy is None:
            return KeepAliveTransport(
                lambda: self._ssl_context,
                max_connections=self._max_connections,
                idle_s=self._idle_s,
                clock=self._clock,
            )
        limits = httpx.Limits(max_connections=self._max_connections, keepalive_expiry=self._idle_s)
        return httpx.HTTPTransport(verify=self._ssl_context, proxy=httpx.Proxy(proxy), limits=limits)

    def _async_transport(self, proxy: str | None) -> AiohttpTransport:
        loop = asyncio.get_running_loop()
        with self._lock:
            of_loop = self._async.setdefault(loop, {})
        if proxy not in of_loop:
            of_loop[proxy] = make_transport(
                self._ssl_context, proxy=proxy, max_connections=self._max_connections, idle_s=self._idle_s
            )
        return of_loop[proxy]

    def _forget_the_parent(self) -> None:
        """After a fork: a connection that two processes write to serves neither, and a lock may be held for ever."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._sync = {}


def _way_to(address: str) -> tuple[httpx.URL, str | None]:
    """
    An address, and the proxy that leads to it.

    Raises:
        httpx.UnsupportedProtocol: it is no address of a web server.
    """
    url = httpx.URL(address)
    if url.scheme not in ("http", "https") or not url.host:
        raise httpx.UnsupportedProtocol("an address begins with `https://` or `http://` and a host")
    return url, proxy_for(url)


def _request(outgoing: Outgoing, url: httpx.URL, timeouts: Timeouts, deadline: Deadline) -> httpx.Request:
    phases = {
        "connect": deadline.within(timeouts.connect_s, passed=httpx.ConnectTimeout),
        "read": timeouts.read_s,
        "write": timeouts.write_s,
        "pool": timeouts.pool_s,
    }
    return httpx.Request(
        outgoing.method,
        url,
        headers=_checked(outgoing.headers),
        content=outgoing.body,
        extensions={"timeout": phases, EXTENSION: deadline},
    )


def _whole(stream: BodyStream | AsyncBodyStream, body: bytes | Failure, deadline: Deadline) -> Incoming | Failure:
    if isinstance(body, Failure):
        return body
    return Incoming(status=stream.status, headers=stream.headers, body=body, elapsed_s=deadline.elapsed_s())


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if any(sign in text for text in (name, value) for sign in "\r\n\0"):
            raise httpx.LocalProtocolError(f"the header `{name!r}` cannot be sent")
    return headers


def _host(outgoing: Outgoing) -> str:
    return outgoing.url.partition("://")[2].partition("/")[0].rpartition("@")[2]
