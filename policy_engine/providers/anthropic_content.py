"""The content of a message, text or parts in OpenAI's shape, as Anthropic's blocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?:;[^;,]*)*?;base64,(?P<data>.*)", re.DOTALL)


def blocks_of(content: object) -> list[dict[str, Any]]:
    """The blocks of a content; empty texts are left out, since the API refuses them, and unknown parts go through."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    parts = content if isinstance(content, list | tuple) else ()
    blocks = [_block(part) for part in parts]
    return [block for block in blocks if not (block.get("type") == "text" and not block.get("text"))]


def _block(part: object) -> dict[str, Any]:
    if not isinstance(part, Mapping):
        return {"type": "text", "text": str(part)}
    kind = part.get("type")
    if kind == "image_url":
        return _with_rest(part, {"type": "image", "source": _source(_address(part.get("image_url")))})
    if kind == "file" and isinstance(part.get("file"), Mapping):
        return _document(part)
    if kind in ("input_text", "output_text", "refusal"):
        return _with_rest(part, {"type": "text", "text": part.get("text", part.get("refusal", ""))})
    return dict(part)


def _with_rest(part: Mapping[str, Any], block: dict[str, Any]) -> dict[str, Any]:
    """The block with the fields of the part that are not of its type, such as `cache_control`."""
    known = ("type", "image_url", "file", "text", "refusal")
    return {**block, **{name: value for name, value in part.items() if name not in known}}


def _address(image: object) -> str:
    url = image.get("url") if isinstance(image, Mapping) else image
    return str(url)


def _source(url: str) -> dict[str, Any]:
    data = _DATA_URL.fullmatch(url)
    if data is None:
        return {"type": "url", "url": url}
    return {"type": "base64", "media_type": data["type"], "data": data["data"]}


def _document(part: Mapping[str, Any]) -> dict[str, Any]:
    file = part["file"]
    if isinstance(file.get("file_data"), str):
        source = _source(file["file_data"])
    else:
        source = {"type": "file", "file_id": file.get("file_id")}
    title = {"title": file["filename"]} if file.get("filename") else {}
    return _with_rest(part, {"type": "document", "source": source, **title})
