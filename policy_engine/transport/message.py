"""What goes over HTTP: a request as bytes, an answer as bytes, and how long each part of it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request that is ready to be sent. `url` and `headers` may hold secrets, so they are not shown."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """The method and the size alone."""
        return f"Outgoing({self.method}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """
    A whole answer, whatever its status.

    Attributes:
        headers: by lower-case name; of several of one name, joined by commas.
        body: decoded from its content encoding.
        elapsed_s: from sending to the last byte.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float

    @property
    def content_type(self) -> str:
        """The media type, lower case and without parameters; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """
    How long an exchange may take, seconds; None is for ever.

    Attributes:
        overall_s: from the start to the last byte, whatever the phases allow.
        connect_s: name look-up aside, until the connection stands, TLS included.
        read_s: between two pieces of the answer, and until the first.
        write_s: for a piece of the request to be taken.
        pool_s: until a connection is free.
    """

    overall_s: float | None = None
    connect_s: float | None = 5.0
    read_s: float | None = None
    write_s: float | None = 30.0
    pool_s: float | None = 10.0
