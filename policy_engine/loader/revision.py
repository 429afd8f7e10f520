"""The revision of a bundle: one hash over everything that was loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def revision_of(env: str | None, contents: Mapping[str, bytes], *, extra: Mapping[str, bytes] | None = None) -> str:
    """
    `sha256:…` over the environment's name and the sorted paths and contents, each preceded by its length.

    Args:
        env: the environment, None for the base alone.
        contents: files by path relative to the folder, with `/`.
        extra: what was taken from outside the folder, by name, such as price rows.
    """
    digest = hashlib.sha256()
    _feed(digest, (env or "").encode())
    for part in (contents, extra or {}):
        _feed(digest, str(len(part)).encode())
        for name, content in sorted((name.encode("utf-8", "surrogateescape"), part[name]) for name in part):
            _feed(digest, name)
            _feed(digest, content)
    return f"sha256:{digest.hexdigest()}"


def _feed(digest: hashlib._Hash, content: bytes) -> None:
    digest.update(len(content).to_bytes(8, "big"))
    digest.update(content)
