"""What a request asks a cache: the text, and everything that keeps its answer apart from others'."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from policy_engine.model.facts import Facts
from policy_engine.model.texts import newest_user_text
from policy_engine.signals.caches.settings import CacheSettings
from policy_engine.signals.key import scope_values

# What a caller may send that changes no answer. Everything else does, so that nothing new is forgotten.
_IDLE_PARAMS: Final = frozenset(("stream", "stream_options", "user", "metadata", "store", "service_tier", "timeout"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A question to a cache.

    Attributes:
        key: digest of scope, task, parameters, system prompt and earlier turns, tools, response format and salt.
        text: the newest user message.
        normal: the text in one spelling of spaces and Unicode, its first letter small.
    """

    key: str
    text: str
    normal: str


def asked_of(facts: Facts, settings: CacheSettings) -> Asked | None:
    """
    What a request asks a cache; None where it says nothing, or lacks what entries are kept apart by.

    The text is no part of the key: near-duplicates must meet under one.
    """
    text = facts.message
    scope = scope_values(settings.scope, facts)
    if text is None or not text.strip() or None in scope:
        return None
    request = facts.request
    parts = {
        "scope": scope,
        "salt": settings.salt,
        "task": facts.task,
        "params": {name: value for name, value in request.params.items() if name not in _IDLE_PARAMS},
        "json": facts.wants_json,
        "model": facts.wants_model,
        "tools": list(request.tools),
        "context": _context(request.messages or ()),
    }
    return Asked(key=_digest(parts), text=text, normal=normal(text))


def normal(text: str) -> str:
    """A text with single spaces, composed letters, and a small first letter if the second one is small."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return spaced[:1].lower() + spaced[1:] if spaced[1:2].islower() or len(spaced) == 1 else spaced


def _context(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The conversation without the text that is asked: system prompt, earlier turns, tool results, images."""
    for position in range(len(messages) - 1, -1, -1):
        if newest_user_text(messages[position : position + 1]) is not None:
            return [*messages[:position], _without_text(messages[position]), *messages[position + 1 :]]
    return list(messages)


def _without_text(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message.get("content")
    parts = () if isinstance(content, str) else content or ()
    others = [part for part in parts if not isinstance(part, str) and part.get("type") not in ("text", "input_text")]
    return {**message, "content": others}


def _digest(parts: Mapping[str, Any]) -> str:
    written = json.dumps(parts, sort_keys=True, default=str)
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
