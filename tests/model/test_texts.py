"""Texts of messages, and how they are measured."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.model.texts import (
    OneText,
    Shape,
    count_lines,
    count_words,
    estimate_tokens,
    newest_user_text,
    text_of,
    whole_text,
)

CONTENTS: dict[str, tuple[Any, str]] = {
    "text": ("a\nb", "a\nb"),
    "nothing": (None, ""),
    "a number": (5, ""),
    "no parts": ([], ""),
    "parts": ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
    "parts of other APIs": (
        [{"type": "input_text", "text": "a"}, {"type": "output_text", "text": "b"}, "c"],
        "a\nb\nc",
    ),
    "an image": ([{"type": "image_url", "image_url": {"url": "data:,"}}, {"type": "text", "text": "a"}], "a"),
    "a part without text": ([{"type": "text"}, {"type": "text", "text": 5}, {"type": "refusal", "refusal": "no"}], ""),
    "a tool's result": ([{"type": "tool_result", "content": [{"type": "text", "text": "r"}]}], "r"),
    "a tool call": ([{"type": "tool_use", "name": "f", "input": {"a": 1}}], ""),
}


@pytest.mark.parametrize(("content", "text"), CONTENTS.values(), ids=CONTENTS.keys())
def test_the_text_of_a_message_is_that_of_its_parts(content: Any, text: str) -> None:
    """A message's text is its content, or its parts that are text, joined by newlines."""
    assert text_of(content) == text


def test_the_newest_user_text_is_what_a_person_said_last() -> None:
    """Empty messages, other roles and results of tools are passed over on the way back."""
    messages = [
        {"role": "user", "content": "first"},
        {"role": "user", "content": [{"type": "text", "text": "second"}, {"type": "tool_result", "content": "r"}]},
        {"role": "assistant", "content": "answer"},
        {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": ""}]},
        {"role": "user", "content": [{"type": "tool_result", "content": "result"}]},
        {"role": "user"},
        {"content": "nobody"},
    ]

    assert newest_user_text(messages) == "second"
    assert newest_user_text(messages[2:]) is None


def test_the_whole_text_leaves_out_what_is_empty() -> None:
    """Everything sent is joined by newlines; messages without text leave no empty line."""
    messages = [
        {"role": "system", "content": "a"},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "content": "b"},
    ]

    assert whole_text(messages) == "a\nb"
    assert whole_text(()) == ""


@given(st.text())
def test_lines_are_those_that_newlines_end(text: str) -> None:
    """A text has as many lines as pieces between newlines, the piece after the last counting if there is one."""
    pieces = text.split("\n")
    assert count_lines(text) == len(pieces) - (pieces[-1] == "")


@given(st.text(alphabet=st.characters()))
def test_tokens_are_quarters_of_bytes(text: str) -> None:
    """The estimate is the least whole number that is no less than a quarter of the UTF-8 bytes, surrogates as well."""
    size = len(text.encode("utf-8", "surrogatepass"))
    assert (estimate_tokens(text) - 1) * 4 < size <= estimate_tokens(text) * 4


def test_words_are_runs_of_what_is_not_space() -> None:
    """Words are split at every space of Unicode."""
    assert count_words(" one\u2003two\u00a0three\n") == 3
    assert count_words("\u3000\t ") == 0


def test_a_shape_stands_malformed_messages() -> None:
    """Whatever stands where calls or parts are wanted, counting them does not fail."""
    messages: list[dict[str, Any]] = [
        {"role": "assistant", "tool_calls": "f"},
        {"role": "assistant", "tool_calls": [5, {"function": "f"}, {"function": {}}]},
        {"role": "user", "content": [5, None, {"type": 5}]},
        {"role": 5, "content": {"type": "image"}},
    ]
    shape = Shape(messages, 3)

    counted = {name: getattr(shape, name)() for name in dir(Shape) if not name.startswith("_")}

    assert counted == {
        "messages": 4,
        "turns": 1,
        "tools": 3,
        "tool_calls": 1,
        "tool_results": 0,
        "tool_errors": 0,
        "images": 0,
        "repeats": 0,
        "has_system": False,
        "in_tool_loop": False,
    }


def test_a_shape_counts_in_the_other_api_too() -> None:
    """Calls, results, errors and images are seen in Anthropic's shape as in OpenAI's."""
    messages = [
        {"role": "user", "content": [{"type": "image"}, {"type": "input_image"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "is_error": True, "content": "no"}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": {}}]},
        {"role": "tool", "status": "error", "content": "no"},
    ]
    shape = Shape(messages, 0)

    assert (shape.tool_calls(), shape.tool_results(), shape.tool_errors()) == (2, 2, 2)
    assert (shape.images(), shape.repeats(), shape.in_tool_loop()) == (2, 1, True)


def test_one_text_has_the_shape_of_one_user_message() -> None:
    """Whatever is counted, without looking."""
    looked = Shape([{"role": "user", "content": "hello"}], 2)

    counts = {name: getattr(OneText(2), name)() for name in dir(Shape) if not name.startswith("_")}

    assert counts == {name: getattr(looked, name)() for name in counts}
