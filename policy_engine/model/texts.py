"""The texts of a request and how they are measured: the newest user message, and everything that is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_TEXT_PARTS = ("text", "input_text", "output_text")


def text_of(content: object) -> str:
    """The text of one message's content: itself, or its text parts joined by newlines; images have none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    return "\n".join(_part_texts(content))


def _part_texts(parts: Sequence[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Mapping) and part.get("type") in _TEXT_PARTS and isinstance(part.get("text"), str):
            yield part["text"]
        elif _is_result_part(part):
            yield text_of(part.get("content"))


def _is_result_part(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "tool_result"


def newest_user_text(messages: Sequence[Mapping[str, Any]]) -> str | None:
    """The newest user message that holds non-empty text, or None."""
    for message in reversed(messages):
        if message.get("role") == "user" and any(texts := _said_texts(message.get("content"))):
            return "\n".join(texts)
    return None


def _said_texts(content: object) -> list[str]:
    """What a person says in a message, part by part; the result of a tool inside it is not theirs."""
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, Sequence) else ()
    return list(_part_texts([part for part in parts if not _is_result_part(part)]))


def whole_text(messages: Sequence[Mapping[str, Any]]) -> str:
    """Everything sent: system prompt, all turns and tool results, joined by newlines."""
    return "\n".join(text for message in messages if (text := text_of(message.get("content"))))


def count_words(text: str) -> int:
    """Runs of non-space characters, space in the sense of Unicode."""
    return len(text.split())


def count_lines(text: str) -> int:
    """Newlines, plus one for a last line that does not end in one."""
    return text.count("\n") + (text != "" and not text.endswith("\n"))


def count_bytes(text: str) -> int:
    """Length in UTF-8 bytes; a lone surrogate counts as the three bytes it would take."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def estimate_tokens(text: str) -> int:
    """UTF-8 bytes divided by four, rounded up: an estimate that needs no tokenizer."""
    return (count_bytes(text) + 3) // 4


class Shape:
    """The shape of a conversation: how many messages, turns, tool calls and so on, each counted when asked."""

    __slots__ = ("_messages", "_tools")

    def __init__(self, messages: Sequence[Mapping[str, Any]], tools: int) -> None:
        self._messages = messages
        self._tools = tools

    def messages(self) -> int:
        """All messages, the system prompt included."""
        return len(self._messages)

    def turns(self) -> int:
        """User messages."""
        return sum(message.get("role") == "user" for message in self._messages)

    def tools(self) -> int:
        """Tools offered to the model."""
        return self._tools

    def tool_calls(self) -> int:
        """Tool calls that assistant messages hold."""
        return len(self._calls())

    def tool_results(self) -> int:
        """Tool messages."""
        return sum(_is_tool_result(message) for message in self._messages)

    def tool_errors(self) -> int:
        """Tool messages that are marked as errors."""
        return sum(_is_tool_result(message) and _is_error(message) for message in self._messages)

    def images(self) -> int:
        """Image parts in all messages."""
        return sum(_count_images(message.get("content")) for message in self._messages)

    def repeats(self) -> int:
        """Equal tool calls in a row at the end of the conversation, less one."""
        calls = self._calls()
        run = 0
        for call in reversed(calls):
            if call != calls[-1]:
                break
            run += 1
        return max(0, run - 1)

    def has_system(self) -> bool:
        """Whether there is a system (or developer) message."""
        return any(message.get("role") in ("system", "developer") for message in self._messages)

    def in_tool_loop(self) -> bool:
        """Whether the last message is a tool result."""
        return bool(self._messages) and _is_tool_result(self._messages[-1])

    def _calls(self) -> list[tuple[str, str]]:
        return [call for message in self._messages for call in _calls_of(message)]


class OneText(Shape):
    """The shape of a request that is one user message with a text."""

    __slots__ = ()

    def __init__(self, tools: int) -> None:
        super().__init__(({"role": "user"},), tools)

    def turns(self) -> int:
        """The one."""
        return 1

    def tool_calls(self) -> int:
        """None, like all that follows."""
        return 0

    tool_results = tool_errors = images = repeats = tool_calls

    def in_tool_loop(self) -> bool:
        """It is not."""
        return False

    has_system = in_tool_loop


def _calls_of(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, Sequence) and not isinstance(calls, str) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            yield str(function.get("name")), str(function.get("arguments"))
    content = message.get("content")
    for part in _parts_of(content):
        if isinstance(part, Mapping) and part.get("type") == "tool_use":
            yield str(part.get("name")), str(part.get("input"))


def _is_tool_result(message: Mapping[str, Any]) -> bool:
    if message.get("role") in ("tool", "function"):
        return True
    content = message.get("content")
    return any(map(_is_result_part, _parts_of(content)))


def _is_error(message: Mapping[str, Any]) -> bool:
    if message.get("is_error") is True or message.get("status") == "error":
        return True
    content = message.get("content")
    return any(isinstance(part, Mapping) and part.get("is_error") is True for part in _parts_of(content))


def _count_images(content: object) -> int:
    return sum(
        isinstance(part, Mapping) and part.get("type") in ("image_url", "image", "input_image")
        for part in _parts_of(content)
    )


def _parts_of(content: object) -> Sequence[Any]:
    """The parts of a message that has some; text has none, and is not looked through letter by letter."""
    return content if isinstance(content, Sequence) and not isinstance(content, str) else ()
