"""Anthropic's messages, spoken to in OpenAI's shape."""

from __future__ import annotations

from typing import Any

from policy_engine.model.call import Prompt
from policy_engine.providers.anthropic_reply import read_message
from policy_engine.providers.anthropic_request import messages_body
from policy_engine.providers.anthropic_stream import MessageAssembler
from policy_engine.providers.dialect import Dialect, joined

ANTHROPIC_URL = "https://api.anthropic.com"
ANTHROPIC_VERSION = "2023-06-01"


def anthropic_dialect() -> Dialect:
    """Anthropic's API, or a compatible one."""
    return Dialect(
        base_url=ANTHROPIC_URL,
        path=_address,
        key_headers=lambda key: {"x-api-key": key},
        headers={"anthropic-version": ANTHROPIC_VERSION},
        whole_body=messages_body,
        streamed_body=_streamed_body,
        read=read_message,
        assembler=MessageAssembler,
    )


def _address(base_url: str) -> str:
    """Behind an address with or without its `/v1`."""
    is_versioned = base_url.partition("?")[0].rstrip("/").endswith("/v1")
    return joined(base_url, "/messages" if is_versioned else "/v1/messages")


def _streamed_body(prompt: Prompt, model: str) -> dict[str, Any]:
    return {**messages_body(prompt, model), "stream": True}
