"""
The file beside a state that keeps a cache ready for use, so that a restart need not read entry by entry.

The state says which file is the right one, by its digest: what is cut off, changed, from elsewhere or of another day is
never looked into. Nothing is lost with it, since the entries themselves are in the state.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b, sha256
from typing import Any, Final
from uuid import uuid4

from policy_engine.errors import StateError
from policy_engine.signals.caches.packed import FORMAT, Captured, Unpacked, pack, unpacked
from policy_engine.state.state import State

KEYS: Final = "cache-file/"
"""How the keys begin under which a state says which file is the right one."""

_WRITING_S: Final = 300.0
_SAID: Final = frozenset(("sha256", "size_bytes", "position"))
_ANEW: Final = "the entries are read from the state instead, and it will be written anew"


class Saved:
    """
    The file of one cache. Several processes may share it.

    Args:
        path: where it is.
        state: what it belongs to.
        log: where the entries are, which is part of the file.
        tell: told, with the file's place, why it could not be used or written.
    """

    def __init__(self, path: str, *, state: State, log: str, tell: Callable[[str, str], object]) -> None:
        self.path = path
        self._state = state
        self._log = log
        self._key = f"{KEYS}{log}"
        self._tell = tell

    def read(self, now_s: float) -> Unpacked | None:
        """
        What was saved; None if nothing was, or it is not what the state knows.

        Raises:
            StateError: the state cannot be used.
        """
        value = self._state.get(self._key, now_s=now_s)
        try:
            return unpacked(memoryview(_content(self.path, _known(value))), self._log)
        except FileNotFoundError:
            reason = "" if value is None else "it is gone"
        except OSError as error:
            reason = error.strerror or str(error)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            reason = str(error)
        if reason:
            self._tell(self.path, f"{reason}; {_ANEW}")
        return None

    def write(self, taken: Captured, *, since: int | None, now_s: float, until_s: float) -> bool:
        """
        Replaces the file, unless another process does; tells whether it did. Blocks until it is on the disk.

        Args:
            taken: what to keep.
            since: the position of what was read or written last, to tell whether another process has written since;
                None where that could not be read.
            until_s: when all that is in it will be over.
        """
        lease = uuid4().hex
        ends_s = now_s + _WRITING_S
        turn = {f"{self._key}/writers": 1}
        try:
            is_ours = self._state.hold(lease, turn, now_s=now_s, until_s=ends_s, counted_until_s=ends_s) == (1,)
            try:
                is_ours = is_ours and (since is None or self._written_at(now_s) <= since)
                if is_ours:
                    self._replace(taken, now_s=now_s, until_s=until_s)
            finally:
                self._state.settle(lease, dict.fromkeys(turn, 0), now_s=now_s)
        except (OSError, StateError) as error:
            self._tell(self.path, f"it cannot be written: {error}; what was there before is still used")
            return False
        return is_ours

    def _replace(self, taken: Captured, *, now_s: float, until_s: float) -> None:
        aside = f"{self.path}.part"
        try:
            written = {**_write(aside, pack(taken, self._log)), "position": taken.position}
            # The old one stays right until the new one is in its place, and if that never comes to be.
            files = [written, *self._files(now_s)[:1]]
            value = json.dumps({"format": FORMAT, "files": files}).encode()
            self._state.put(self._key, value, now_s=now_s, until_s=until_s)
            os.replace(aside, self.path)
        except BaseException:
            if os.path.exists(aside):
                os.unlink(aside)
            raise

    def _written_at(self, now_s: float) -> int:
        """The position of what was written last, by whomever."""
        return max((int(file["position"]) for file in self._files(now_s)), default=0)

    def _files(self, now_s: float) -> list[dict[str, Any]]:
        """The files that are right as far as the state knows, the newest first."""
        with suppress(ValueError):
            return _known(self._state.get(self._key, now_s=now_s))
        return []


def path_beside(place: str, log: str) -> str:
    """Where the file of a cache is, beside the file that its state is in."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", log).strip("-")[:60]
    return f"{place}-{readable}-{blake2b(log.encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"


def _content(path: str, known: list[dict[str, Any]]) -> bytearray:
    """The bytes of the file, if they are right."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not known:
            raise ValueError("the state does not know it")
        if size not in [one["size_bytes"] for one in known]:
            raise ValueError(f"it has {size:,} bytes, and is not what was saved last")
        content = bytearray(size)
        if file.readinto(content) != size or sha256(content).hexdigest() not in [one["sha256"] for one in known]:
            raise ValueError("it is not what was saved last")
    return content


def _write(path: str, pieces: Iterable[Any]) -> dict[str, Any]:
    """Writes a file that only its owner may read, since questions are in it; gives what to know it by."""
    digest = sha256()
    size_bytes = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o600), "wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size_bytes += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": digest.hexdigest(), "size_bytes": size_bytes}


def _known(value: bytes | None) -> list[dict[str, Any]]:
    """
    The files that the state says are right, the newest first.

    Raises:
        ValueError: another release has said so, in another form.
    """
    written: Any = {"files": []} if value is None else json.loads(value)
    files = written.get("files") if isinstance(written, dict) else None
    if not isinstance(files, list) or written.get("format", FORMAT) != FORMAT:
        raise ValueError("another release wrote it")
    return [file for file in files if isinstance(file, dict) and file.keys() == _SAID]
