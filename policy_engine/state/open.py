"""Opening a state by its address."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.state.state import State

_SCHEME = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]+):")  # two letters and more, since `C:` is a drive
_FILE = "a path, or sqlite:///FILE (sqlite:////FILE from the root)"


def open_state(address: str | os.PathLike[str]) -> State:
    """
    The state at an address. What it needs is connected to or made on first use.

    Args:
        address: `memory:`, `sqlite:///FILE` (three strokes before a relative path, four before one from the root), or
            the path of such a file; or a Redis or Valkey server, `redis://HOST:PORT/DATABASE` (`rediss:` over TLS,
            `redis+cluster:` for a cluster).

    Raises:
        ValueError: it is no address of a state. The address is not quoted, since it may hold a password.
        MissingExtra: the library for such a state is not installed.
    """
    scheme = scheme_of(address)
    if scheme == "memory":
        from policy_engine.state.memory import MemoryState

        return MemoryState()
    if scheme in (None, "sqlite"):
        from policy_engine.state.sqlite import SqliteState

        return SqliteState(file_of(address))
    from policy_engine.state.redis_server import SCHEMES

    if scheme in SCHEMES:
        from policy_engine.state.redis import RedisState

        return RedisState(os.fspath(address))
    raise ValueError(f"a state cannot be at `{scheme}:`; give memory:, {_FILE}, or redis://HOST:PORT")


def check_state(address: str | os.PathLike[str]) -> None:
    """
    Does nothing for the address of a state.

    Raises:
        ValueError, MissingExtra: as for `open_state`.
    """
    open_state(address).close()


def missing_file(address: str | os.PathLike[str]) -> str | None:
    """The file that a state or ledger is to be in and that is not there; None if it is there, or in no file."""
    if scheme_of(address) not in (None, "sqlite"):
        return None
    path = file_of(address)
    return None if os.path.isfile(path) else path


def scheme_of(address: str | os.PathLike[str]) -> str | None:
    """The kind of an address, in lower case; None for a path."""
    match = _SCHEME.match(address) if isinstance(address, str) else None
    return None if match is None else match["scheme"].lower()


def file_of(address: str | os.PathLike[str]) -> str:
    """
    The SQLite file that an address names.

    Raises:
        ValueError: it names none.
    """
    scheme = scheme_of(address)
    path = os.fspath(address)
    if scheme == "sqlite":
        before, _, path = path.partition(":///")
        if before.lower() != "sqlite":
            path = ""
    elif scheme is not None:
        raise ValueError(f"`{scheme}:` is no SQLite file; give {_FILE}")
    if not path:
        raise ValueError(f"the address names no file; give {_FILE}")
    return path
