"""What tells one model API from another: addresses, headers, and pure functions from prompts to bodies and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from policy_engine.model.call import Chunk, Failure, Prompt, Reply
from policy_engine.providers.sse import Event


class Assembler(Protocol):
    """Puts a streamed answer together; it reads nothing by itself."""

    @property
    def is_whole(self) -> bool:
        """Whether the answer is complete, so that a stream that ends here is not truncated."""

    @property
    def is_over(self) -> bool:
        """Whether the API said that nothing more comes."""

    def take(self, event: Event) -> Chunk | Failure | None:
        """What an event adds; a Failure if it tells of an error or makes no sense; None if it adds nothing."""

    def body(self) -> Mapping[str, Any]:
        """The answer so far, as the API would have given it unstreamed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """
    One model API.

    Attributes:
        base_url: where it is, if the settings do not say.
        path: what follows `base_url`.
        key_headers: the headers that carry a key.
        whole_body, streamed_body: a prompt for a model, as the API takes it.
        read: the API's answer as a Reply; the number is its `elapsed_s`.
        assembler: a new one.
    """

    base_url: str
    path: Callable[[str], str]
    key_headers: Callable[[str], Mapping[str, str]]
    whole_body: Callable[[Prompt, str], Mapping[str, Any]]
    streamed_body: Callable[[Prompt, str], Mapping[str, Any]]
    read: Callable[[Mapping[str, Any], float], Reply | Failure]
    assembler: Callable[[], Assembler]
    headers: Mapping[str, str] = field(default_factory=dict)


def joined(base_url: str, path: str) -> str:
    """`path` put behind the path of `base_url`, before its query."""
    address, question, query = base_url.partition("?")
    return f"{address.rstrip('/')}{path}{question}{query}"
