"""Every exception of the HTTP libraries as a Failure: the one place that knows them."""

from __future__ import annotations

import ssl

import httpx

from policy_engine.model.call import Failure, FailureKind

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteTimeout, httpx.ProxyError)


class AnswerTooLarge(Exception):
    """The body is longer than this program will hold; `most_bytes` is the bound."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        super().__init__(f"the answer is longer than {most_bytes} bytes")


def failure_of(error: Exception, *, host: str, elapsed_s: float) -> Failure:
    """
    What an exception of an exchange with `host` means.

    Whatever happened after the request went out may have been worked on and so be billed.
    """
    return Failure(
        kind=_kind(error),
        message=f"{_story(error)} (`{host}`)",
        elapsed_s=elapsed_s,
        may_be_billed=not isinstance(error, (*_UNSENT, *_IMPOSSIBLE)),
    )


_IMPOSSIBLE = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError, UnicodeError)


def _kind(error: Exception) -> FailureKind:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return FailureKind.TIMEOUT
    if isinstance(error, _IMPOSSIBLE):
        return FailureKind.REQUEST
    if isinstance(error, AnswerTooLarge | httpx.DecodingError) or _is_no_http(error):
        return FailureKind.MALFORMED
    return FailureKind.CONNECTION


def _is_no_http(error: Exception) -> bool:
    return isinstance(error, httpx.RemoteProtocolError) and "no HTTP" in str(error)


def _story(error: Exception) -> str:
    if isinstance(error, AnswerTooLarge | httpx.RemoteProtocolError | httpx.UnsupportedProtocol):
        return str(error)
    refused = _refused_certificate(error)
    if refused is not None:
        return f"the server's certificate was refused: {refused}"
    for kinds, story in _STORIES:
        if isinstance(error, kinds):
            return story
    return "the connection failed"


def _refused_certificate(error: BaseException | None) -> str | None:
    """Why the certificate was refused, if that is what an exception comes from; aiohttp's own does not say."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) and hasattr(error, "verify_message"):
            return str(error.verify_message)
        error = error.__cause__
    return None


_STORIES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
    (httpx.ConnectTimeout, "no connection could be made in time"),
    (httpx.PoolTimeout, "no connection was free in time"),
    (httpx.WriteTimeout, "the request was not taken in time"),
    ((httpx.TimeoutException, TimeoutError), "no answer in time"),
    (httpx.ProxyError, "the proxy could not be used"),
    (httpx.ConnectError, "no connection could be made"),
    (httpx.DecodingError, "the answer's content encoding is broken"),
    ((httpx.InvalidURL, UnicodeError), "the address or a header cannot be sent"),
    (httpx.WriteError, "the connection broke while the request was sent"),
    (httpx.NetworkError, "the connection broke before the answer's end"),
)
