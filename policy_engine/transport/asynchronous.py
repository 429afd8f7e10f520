"""
httpx's async interface over aiohttp, for a quarter of the processor time of httpx's own; one for each event loop.

The package httpx-aiohttp carries requests over; what it makes of aiohttp's exceptions loses whether a request had gone
out, so they are mapped here from what they were.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import ClientSession
    from httpx_aiohttp import AiohttpTransport


def load_transport() -> None:
    """Loads what `make_transport` needs; it takes a moment the first time, and none after that."""
    import httpx_aiohttp  # noqa: F401  (only to have it loaded)


def make_transport(
    ssl_context: ssl.SSLContext, *, proxy: str | None, max_connections: int, idle_s: float
) -> AiohttpTransport:
    """A transport for the running event loop; it keeps no cookies and reads no `.netrc`."""
    from aiohttp import ClientSession, DummyCookieJar, TCPConnector
    from httpx_aiohttp import AiohttpTransport

    def session() -> ClientSession:
        connector = TCPConnector(limit=max_connections, keepalive_timeout=idle_s, ssl=ssl_context)
        return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), auto_decompress=False)

    return AiohttpTransport(verify=ssl_context, proxy=None if proxy is None else httpx.Proxy(proxy), client=session)


@contextmanager
def httpx_errors() -> Iterator[None]:
    """Raises what aiohttp raised as the exception of httpx that says what happened."""
    try:
        yield
    except asyncio.CancelledError:
        raise
    except Exception as error:
        twin = _twin(error)
        if twin is None:
            raise
        raise twin(str(error)) from error


async def pieces_of(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body as it comes, decoded from its content encoding."""
    source = response.aiter_bytes() if "content-encoding" in response.headers else response.stream
    with httpx_errors():
        async for piece in source:  # type: ignore[union-attr]  # an async transport gives an async stream
            yield piece


def _twin(error: Exception) -> Callable[[str], httpx.HTTPError] | None:
    import aiohttp

    original = error.__cause__ if isinstance(error, httpx.HTTPError) and error.__cause__ else error
    table: tuple[tuple[type[Exception], Callable[[str], httpx.HTTPError]], ...] = (
        (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
        (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
        (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
        (aiohttp.ClientHttpProxyError, httpx.ProxyError),
        (aiohttp.ClientConnectorError, httpx.ConnectError),
        (aiohttp.ClientConnectionError, httpx.ReadError),
        (aiohttp.ClientPayloadError, httpx.ReadError),
        (aiohttp.ClientResponseError, _no_http),
        (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
        (aiohttp.ClientError, httpx.ReadError),
        (TimeoutError, httpx.ReadTimeout),
        (OSError, httpx.ReadError),
    )
    return next((twin for kind, twin in table if isinstance(original, kind)), None)


def _no_http(_said: str) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError("the answer is no HTTP")
