"""From wishes to requests as they would be written, and from a request to the smallest that still shows the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from policy_engine.replay.wishes import Wish

_FILLERS = (" word", "!", " 7", "\n")
_IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
_LONGEST = 300_000
_TOP = ("task", "id", "session", "user", "at")

Written = Mapping[str, Any]


def drafts(wish: Wish, base: Written) -> Iterator[dict[str, Any]]:
    """
    Requests that fulfil a wish as far as possible, and else say what `base` says.

    Where a text has to be longer than what is known of it, each is filled up in another way. Whether one does what was
    wished for has to be tried.
    """
    is_filled = any(name.endswith((".chars", ".words")) for name in wish)
    for filler in _FILLERS if is_filled else _FILLERS[:1]:
        request = _draft(wish, base, filler)
        if request is not None:
            yield request


def _draft(wish: Wish, base: Written, filler: str) -> dict[str, Any] | None:
    request = dict(base)
    conversation: dict[str, Any] = {}
    measures: dict[str, Any] = {}
    for name, value in wish.items():
        section, _, rest = name.partition(".")
        if name in _TOP:
            _set(request, (name,), value)
        elif section in ("attributes", "wants"):
            _set(request, (section, rest), value)
        elif section == "conversation":
            conversation[rest] = value
        elif name.endswith("!"):
            continue  # what a text lacks needs no text
        elif section in ("message", "input") and rest != "language":
            measures[name] = value
        elif section not in ("output", "score"):
            _set(request, ("signals", *name.split(".")), value)
    if any(value > _LONGEST for value in measures.values() if isinstance(value, int | float)):
        return None
    _measure(request, measures, filler)
    if conversation:
        _converse(request, conversation)
    return request


def smallest(request: Written, shows: Callable[[Written], bool]) -> dict[str, Any]:
    """The request with everything left out that is not needed to show something."""
    kept = dict(request)
    for path in list(_paths(kept)):
        without = _without(kept, path)
        if shows(without):
            kept = without
    return kept


def _set(request: dict[str, Any], path: Sequence[str], value: Any) -> None:
    first, *rest = path
    if not rest:
        request.pop(first, None)
        if value is not None:
            request[first] = value
        return
    given = request.get(first)
    below = dict(given) if isinstance(given, Mapping) else {}
    _set(below, rest, value)
    request[first] = below


def _measure(request: dict[str, Any], measures: Mapping[str, Any], filler: str) -> None:
    """Gives the message its texts and lengths; tokens are simply told."""
    for section in ("message", "input"):
        tokens = measures.get(f"{section}.tokens")
        if tokens is not None:
            request["tokens"] = {**request.get("tokens", {}), section: max(0, int(tokens))}
    wanted = {name.partition(".")[2]: value for name, value in measures.items() if not name.endswith(".tokens")}
    if not wanted:
        if "input" not in request and "messages" not in request and measures:
            request["input"] = "something"
        return
    text = " ".join(wanted["text"]) if "text" in wanted else _text_of(request)
    request.pop("messages", None)
    request["input"] = _sized(text, wanted, filler)


def _text_of(request: Written) -> str:
    text = request.get("input")
    return text if isinstance(text, str) and text else "something"


def _sized(text: str, wanted: Mapping[str, Any], filler: str) -> str:
    if "words" in wanted:
        missing = max(0, int(wanted["words"]) - len(text.split()))
        text = text + " word" * missing if missing else " ".join(text.split()[: max(1, int(wanted["words"]))])
    if "lines" in wanted:
        text += "\n-" * max(0, int(wanted["lines"]) - text.count("\n") - 1)
    if "chars" in wanted:
        length = max(1, int(wanted["chars"]))
        text = text[:length] if len(text) >= length else (text + filler * length)[:length]
        text = text[:-1] + "." if text.endswith(" ") else text
    return text


def _converse(request: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    """A conversation of the shape that is wished for, which ends with the request's message or a tool's result."""
    count = {name: int(value) for name, value in wanted.items() if not isinstance(value, bool) and value is not None}
    message = _text_of(request)
    messages: list[dict[str, Any]] = [{"role": "system", "content": "Be brief."}] if wanted.get("has_system") else []
    for _ in range(count.get("turns", 1) - 1):
        messages += [{"role": "user", "content": "and?"}, {"role": "assistant", "content": "yes"}]
    images = [_IMAGE] * count.get("images", 0)
    messages.append({"role": "user", "content": [{"type": "text", "text": message}, *images] if images else message})
    results = max(count.get("tool_results", 0), count.get("tool_errors", 0), int(wanted.get("in_tool_loop") is True))
    calls = max(count.get("tool_calls", 0), count.get("repeats", 0) + 1 if "repeats" in count else 0, results)
    for number in range(calls):
        function = {"name": "look", "arguments": "{}"}
        messages.append({"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": function}]})
        if number < results:
            error = {"is_error": True} if number < count.get("tool_errors", 0) else {}
            messages.append({"role": "tool", "tool_call_id": "c", "content": "done", **error})
    messages += [{"role": "assistant", "content": "yes"}] * max(0, count.get("messages", 0) - len(messages))
    if count.get("tools"):
        tool = {"type": "function", "function": {"name": "look"}}
        request["tools"] = [tool] * count["tools"]
    request.pop("input", None)
    request["messages"] = messages


def _paths(value: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every place in a request, the whole before its parts."""
    for name, below in value.items():
        yield (name,)
        if isinstance(below, Mapping) and name != "messages":
            yield from ((name, *rest) for rest in _paths(below))


def _without(value: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    if first not in value:
        return dict(value)
    if not rest:
        return {name: below for name, below in value.items() if name != first}
    below = _without(value[first], tuple(rest)) if isinstance(value[first], Mapping) else value[first]
    return {**value, first: below}
