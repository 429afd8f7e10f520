"""A Redis or Valkey server: scripts run there, in bounded time, with typed failures; the only importer of redis-py."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from policy_engine.errors import MissingExtra, StateError
from policy_engine.state.outage import Outage
from policy_engine.state.process import PerProcess

if TYPE_CHECKING:
    from types import ModuleType

CONNECT_S = 0.5
"""How long to wait for a connection, unless the address has `socket_connect_timeout`."""

ANSWER_S = 1.0
"""How long to wait for an answer, unless the address has `socket_timeout`."""

CONNECTIONS = 64
"""The most connections of a process, unless the address has `max_connections`."""

PREFIX = "policy_engine"
"""How the keys begin, unless the address has `prefix`."""

SCHEMES: Final = ("redis", "rediss", "redis+cluster", "rediss+cluster")
"""What an address can begin with; `rediss` is over TLS."""

_CLUSTER: Final = "+cluster"
_ASKED: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


class Unsent(StateError):
    """What was asked has not even been sent, since the server was out of reach a moment ago."""


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script, sent once and then named by its hash."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha", sha1(self.text.encode(), usedforsecurity=False).hexdigest())


class RedisServer:
    """
    A server, or a cluster of them. Connected to on first use; safe under threads and fork.

    Nothing is ever tried twice, since a first try may have been carried out although its answer was lost. While the
    server is out of reach, what is asked fails at once, but for one try a second; with the first that works, all is as
    before.

    Args:
        address: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE][?OPTION=VALUE…]`, or with another of `SCHEMES`. The
            options are those of redis-py's connections, and `prefix`.
        clock: seconds that only go forward.

    Attributes:
        place: the address without user, password and options.
        prefix: how the keys begin.

    Raises:
        MissingExtra: redis-py is not installed.
        ValueError: it is no such address. It is not quoted, since it may hold a password.
    """

    def __init__(self, address: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.place, self.prefix, url = _read(address)
        self._connect = _connector(url)
        self._link = PerProcess(lambda: _Link(clock))

    def run(self, script: Script, keys: Sequence[str], *arguments: str | bytes) -> Any:
        """
        What a script gives: bytes, whole numbers, None, and lists of these.

        Raises:
            StateError: the server is out of reach, or refused. It may have done what was asked all the same, unless
                this is `Unsent`.
        """
        return self._asking(lambda client: _evaluated(client, script, keys, arguments))

    def call(self, command: str, *arguments: str | bytes) -> Any:
        """What a command about one key gives; raises as `run` does."""
        return self._asking(lambda client: client.execute_command(command, *arguments))

    def close(self) -> None:
        """Closes this process's connections; the next use opens others."""
        link = self._link.made()
        if link is not None:
            with link.lock:
                client, link.client = link.client, None
            if client is not None:
                client.close()

    def _asking(self, ask: Callable[[Any], Any]) -> Any:
        import redis.exceptions as faults

        link = self._link.get()
        refusal = link.outage.refusal()
        if refusal is not None:
            raise Unsent(self.place, refusal)
        try:
            answer = ask(self._client(link))
        except (
            faults.ConnectionError,
            faults.TimeoutError,
            faults.ReadOnlyError,
            faults.RedisClusterException,
            OSError,
        ) as error:
            reason = _said(error)
            link.outage.failed(reason)
            self._drop_idle(link)
            raise StateError(self.place, reason) from error
        except faults.AskError as error:  # `moved` too
            raise StateError(self.place, "it belongs to a cluster; give redis+cluster://HOST:PORT") from error
        except faults.RedisError as error:
            raise StateError(self.place, _said(error)) from error
        link.outage.worked()
        return answer

    def _client(self, link: _Link) -> Any:
        client = link.client
        if client is None:
            with link.lock:
                client = link.client = link.client or self._connect()
        return client

    def _drop_idle(self, link: _Link) -> None:
        """Closes connections that nobody uses: they may be as dead as the one that failed, and not know it."""
        pool = getattr(link.client, "connection_pool", None)  # a cluster's client sees to that itself
        if pool is not None:
            pool.disconnect(inuse_connections=False)


class _Link:
    """A process's client, and what it knows of the server."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lock = Lock()
        self.client: Any = None
        self.outage = Outage(clock=clock)


def _evaluated(client: Any, script: Script, keys: Sequence[str], arguments: Sequence[str | bytes]) -> Any:
    import redis.exceptions as faults

    try:
        return client.evalsha(script.sha, len(keys), *keys, *arguments)
    except faults.NoScriptError:  # a server that was restarted knows none; nothing has been done
        return client.eval(script.text, len(keys), *keys, *arguments)


def _read(address: str) -> tuple[str, str, str]:
    """What an address is called, its prefix, and what redis-py is to make of it."""
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES or not parts.hostname:
        raise ValueError("the address names no server; give redis://HOST, redis://HOST:6379/0 or rediss://HOST")
    try:
        port = parts.port or 6379
        asked = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("the address of the server cannot be read; give redis://HOST:PORT/0?prefix=NAME") from None
    prefix = dict(asked).get("prefix", PREFIX)
    if not _ASKED.fullmatch(prefix):
        raise ValueError("`prefix` is up to 64 letters, digits and any of `_ . : -`")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    rest = urlencode([(name, value) for name, value in asked if name != "prefix"])
    url = urlunsplit((scheme, parts.netloc, parts.path, rest, ""))
    return f"{scheme}://{host}:{port}{parts.path.rstrip('/')}", prefix, url


def _connector(url: str) -> Callable[[], Any]:
    """Makes clients for an address; options that nobody knows are told now."""
    library = _library()
    scheme, _, rest = url.partition("://")
    options = _options(library)
    if scheme.endswith(_CLUSTER):
        plain = f"{scheme.removesuffix(_CLUSTER)}://{rest}"
        _check(library, plain, options)
        # A cluster is asked for its nodes at once, so the client is made when it is needed.
        return lambda: library.cluster.RedisCluster.from_url(plain, **options)
    _check(library, url, options)
    pooled = {**options, "max_connections": CONNECTIONS, "timeout": ANSWER_S}
    return lambda: library.Redis(connection_pool=library.BlockingConnectionPool.from_url(url, **pooled))


def _check(library: ModuleType, url: str, options: dict[str, Any]) -> None:
    try:
        library.ConnectionPool.from_url(url, **options).make_connection()
    except TypeError:
        raise ValueError("the address has an option that redis-py does not know") from None
    except ValueError:
        raise ValueError("the address has an option with a value that it cannot have") from None


def _options(library: ModuleType) -> dict[str, Any]:
    return {
        "socket_connect_timeout": CONNECT_S,
        "socket_timeout": ANSWER_S,
        "socket_keepalive": True,
        "retry": library.retry.Retry(library.backoff.NoBackoff(), 0),
        "protocol": 2,
    }


def _library() -> ModuleType:
    try:
        import redis
        import redis.backoff
        import redis.cluster
        import redis.retry
    except ImportError as error:
        raise MissingExtra("state in Redis", "redis") from error
    return redis


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
