"""An entry of a cache as it is kept: its question, whose answer it is, and the answer itself apart from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from policy_engine.model.call import Reply

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LENGTH_BYTES: Final = 4
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    A question that was answered.

    Attributes:
        id: its name in the log, and of its answer in the state.
        key: the isolation key.
        text, normal: the question, and in one spelling.
        revision, tags: of the decision whose answer it is.
        until_s: when it ends, Unix seconds.
        vector: the question's direction, in 16-bit floats; None in an exact cache.
    """

    id: str
    key: str
    text: str
    normal: str
    revision: str
    tags: tuple[str, ...]
    until_s: float
    vector: NDArray[np.float16] | None = None


def without_vector(entry: Entry) -> Entry:
    """The same entry, whose vector is kept elsewhere."""
    return replace(entry, vector=None)


def encoded(entry: Entry) -> bytes:
    """The entry as a log keeps it: JSON behind its length, then the vector."""
    head = {
        "key": entry.key,
        "text": entry.text,
        "normal": entry.normal,
        "revision": entry.revision,
        "tags": list(entry.tags),
    }
    written = json.dumps(head).encode()
    vector = b"" if entry.vector is None else entry.vector.astype("<f2").tobytes()
    return len(written).to_bytes(_LENGTH_BYTES, "little") + written + vector


def decoded(id: str, value: bytes, *, until_s: float) -> Entry | None:
    """The entry that a log kept; None if it is none, whoever wrote it."""
    try:
        length = int.from_bytes(value[:_LENGTH_BYTES], "little")
        head = json.loads(value[_LENGTH_BYTES : _LENGTH_BYTES + length].decode())
        texts = {name: head[name] for name in ("key", "text", "normal", "revision")}
        tags = tuple(head["tags"])
        rest = value[_LENGTH_BYTES + length :]
        vector = np.frombuffer(rest, "<f2") if rest else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(isinstance(text, str) for text in (*texts.values(), *tags)):
        return None
    if vector is not None and not np.isfinite(vector).all():
        return None
    return Entry(id=id, tags=tags, until_s=until_s, vector=vector, **texts)


def encoded_reply(reply: Reply) -> bytes:
    """An answer as the state keeps it."""
    return json.dumps({"message": dict(reply.message), "served_by": reply.served_by}, default=str).encode()


def decoded_reply(value: bytes | None) -> Reply | None:
    """The answer that the state kept; None if there is none, or it is no answer."""
    if value is None:
        return None
    try:
        text = value.decode()
        written, end = _DECODER.raw_decode(text)  # in half the time of `json.loads`, which looks for spaces too
    except (ValueError, RecursionError):
        return None
    message = written.get("message") if isinstance(written, dict) and end == len(text) else None
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return None
    served_by = written.get("served_by")
    return Reply(
        message=message,
        finish_reason="stop",
        usage=None,
        elapsed_s=0.0,
        served_by=served_by if isinstance(served_by, str) else None,
    )
