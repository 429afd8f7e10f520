"""Requests as JSON data with one fact changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

Written = Mapping[str, Any]


class Absent(Enum):
    """Stands for the value of a fact that a request is to lack."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT

_LONGEST = 4_000_000


def with_fact(written: Written, fact: str, value: Any) -> Written | None:
    """The request in which a fact, by its dotted name, has a value or is absent; None if that cannot be arranged."""
    section, _, rest = fact.partition(".")
    if section in ("task", "id", "user") or fact == "session":
        return _field(written, section, value)
    if section in ("attributes", "wants"):
        return {**written, section: _entry(written.get(section), rest, value)}
    if section in ("message", "input") and rest != "language":
        return _with_measure(written, section, rest, value)
    if section == "conversation":
        return _with_shape(written, rest, value)
    return _with_signal(written, section, rest, value)


def text_of(written: Written) -> str:
    """The newest text of the user in a request, as far as it is plain."""
    if isinstance(written.get("input"), str):
        return str(written["input"])
    texts = [one.get("content") for one in written.get("messages") or () if one.get("role") == "user"]
    return next((text for text in reversed(texts) if isinstance(text, str) and text), "")


def _field(written: Written, name: str, value: Any) -> Written:
    left = {key: one for key, one in written.items() if key != name}
    return left if value is ABSENT else {**left, name: value}


def _entry(entries: Any, name: str, value: Any) -> dict[str, Any]:
    left = {key: one for key, one in (entries or {}).items() if key != name}
    return left if value is ABSENT else {**left, name: value}


def _with_measure(written: Written, section: str, measure: str, value: Any) -> Written | None:
    if value is ABSENT:
        return {key: one for key, one in written.items() if key not in ("input", "messages", "tokens")}
    if measure == "tokens":
        whole = written if "input" in written or "messages" in written else {**written, "input": "(a text)"}
        return {**whole, "tokens": {**written.get("tokens", {}), section: int(value)}}
    text = str(value) if measure == "text" else _sized(text_of(written), measure, int(value))
    return None if text is None else _with_text(written, text)


def _with_text(written: Written, text: str) -> Written:
    if "messages" not in written:
        return {**written, "input": text}
    messages = list(written["messages"])
    for position in range(len(messages) - 1, -1, -1):
        if messages[position].get("role") == "user":
            messages[position] = {**messages[position], "content": text}
            return {**written, "messages": messages}
    return {**written, "messages": [{"role": "user", "content": text}, *messages]}


def _sized(text: str, measure: str, size: int) -> str | None:
    """The text cut or continued to a size; None if it would be too long."""
    if not 0 <= size <= _LONGEST:
        return None
    if measure == "chars":
        return text[:size].ljust(size, ".")
    separator = "\n" if measure == "lines" else " "
    parts = text.split("\n") if measure == "lines" else text.split()
    return separator.join([*parts[:size], *["so"] * (size - len(parts))])


def _with_shape(written: Written, what: str, value: Any) -> Written | None:
    if value is ABSENT:
        return {key: one for key, one in written.items() if key not in ("input", "messages")}
    if what == "tools":
        tool = {"type": "function", "function": {"name": "look_up"}}
        return {**written, "tools": [tool] * int(value)}
    builder = _SHAPES.get(what)
    if builder is None or int(value) > 200 or int(value) < 0:
        return None
    left = {key: one for key, one in written.items() if key not in ("input", "messages")}
    return {**left, "messages": builder(text_of(written) or "(a text)", int(value))}


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _turns(text: str, count: int) -> list[dict[str, Any]]:
    if count == 0:
        return [{"role": "assistant", "content": "Hello."}]
    earlier = [_user("And this?"), {"role": "assistant", "content": "Yes."}]
    return [*earlier * (count - 1), _user(text)]


def _messages(text: str, count: int) -> list[dict[str, Any]]:
    return [*[{"role": "assistant", "content": "Yes."}] * max(0, count - 1), _user(text)][: max(count, 0)]


def _images(text: str, count: int) -> list[dict[str, Any]]:
    image = {"type": "image_url", "image_url": {"url": "https://example.org/photo.jpg"}}
    return (
        [_user(text)]
        if count == 0
        else [{"role": "user", "content": [{"type": "text", "text": text}, *[image] * count]}]
    )


def _call(number: int) -> dict[str, Any]:
    return {"id": f"c{number}", "type": "function", "function": {"name": "look_up", "arguments": f'{{"n": {number}}}'}}


def _calls(text: str, count: int) -> list[dict[str, Any]]:
    calls = [{"role": "assistant", "tool_calls": [_call(number)]} for number in range(count)]
    return [*calls, _user(text)]


def _repeats(text: str, count: int) -> list[dict[str, Any]]:
    return [*[{"role": "assistant", "tool_calls": [_call(1)]}] * (count + 1), _user(text)]


def _results(text: str, count: int) -> list[dict[str, Any]]:
    return [*[{"role": "tool", "content": "done"}] * count, _user(text)]


def _errors(text: str, count: int) -> list[dict[str, Any]]:
    return [*[{"role": "tool", "content": "failed", "is_error": True}] * count, _user(text)]


def _loop(text: str, is_in: int) -> list[dict[str, Any]]:
    loop: list[dict[str, Any]] = [{"role": "assistant", "tool_calls": [_call(1)]}, {"role": "tool", "content": "done"}]
    return [_user(text), *loop] if is_in else [_user(text)]


def _system(text: str, has_one: int) -> list[dict[str, Any]]:
    return [{"role": "system", "content": "Be brief."}, _user(text)] if has_one else [_user(text)]


_SHAPES: Final[Mapping[str, Callable[[str, int], list[dict[str, Any]]]]] = {
    "turns": _turns,
    "messages": _messages,
    "images": _images,
    "tool_calls": _calls,
    "repeats": _repeats,
    "tool_results": _results,
    "tool_errors": _errors,
    "in_tool_loop": _loop,
    "has_system": _system,
}


def _with_signal(written: Written, section: str, rest: str, value: Any) -> Written:
    signals = dict(written.get("signals", {}))
    if section == "session":
        known = {} if value is ABSENT else _entry(signals.get("session"), rest, value)
        return {**written, "session": written.get("session", "s1"), "signals": {**signals, "session": known}}
    name, _, field = (
        rest.rpartition(".") if section not in ("similar", "signal", "message", "input") else (rest, "", "")
    )
    entries = dict(signals.get(section, {}))
    if value is ABSENT:
        entries.pop(name, None)
    else:
        entries[name] = _entry(entries.get(name), field, value) if field else value
    return {**written, "signals": {**signals, section: entries}}
