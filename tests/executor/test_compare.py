"""How far answers agree."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.executor.compare import exact_agreement, json_agreement, similarity


def say(text: str | None, *calls: tuple[str, str]) -> dict[str, Any]:
    """An assistant's message."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [
            {"id": f"call_{place}{text}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for place, (name, arguments) in enumerate(calls)
        ]
    return message


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        (say("Yes."), say("Yes."), 1.0),
        (say("Yes."), say("yes."), 0.0),
        (say(None, ("find", '{"a": 1, "b": 2}')), say("", ("find", '{"b":2,"a":1}')), 1.0),
        (say(None, ("find", '{"a": 1}')), say(None, ("find", '{"a": 2}')), 0.0),
        (say(None, ("find", "{")), say(None, ("find", "{")), 1.0),
        (say("Yes."), say("Yes.", ("find", "{}")), 0.0),
    ],
)
def test_exact_is_the_same_text_and_the_same_tools(first: object, second: object, agreement: float) -> None:
    """Ids of calls and the spelling of their arguments do not matter; everything else does."""
    assert exact_agreement(first, second) == agreement


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        ('{"a": 1, "b": {"c": [1, 2]}}', '{"b": {"c": [1, 2]}, "a": 1.0}', 1.0),
        ('{"a": 1, "b": 2}', '{"a": 1, "b": 3}', 0.5),
        ('{"a": 1}', '{"a": 1, "b": 2, "c": 3, "d": 4}', 0.25),
        ('{"a": true}', '{"a": 1}', 0.0),
        ('{"a": "1"}', '{"a": 1}', 0.0),
        ("[]", "{}", 0.0),
        ("{}", "{}", 1.0),
        ('{"a": 1}', "no JSON", 0.0),
        ("no JSON", "none either", None),
    ],
)
def test_json_agrees_by_the_share_of_equal_fields(first: str, second: str, agreement: float | None) -> None:
    """Order and spacing do not matter, types do; what is missing on one side is a field that differs."""
    assert json_agreement(say(first), say(second)) == agreement


def test_similarity_is_higher_for_texts_that_are_more_alike() -> None:
    """Case and spacing do not count, and different words are far apart."""
    text = say("We ship to every country that has a post office.")

    same = similarity(text, say("we ship  to every country\nthat has a POST office."))
    close = similarity(text, say("We ship to each country that has a post office."))
    far = similarity(text, say("Monday to Friday, 9:00 to 17:00."))

    assert same == pytest.approx(1.0)
    assert 0.7 < close < 1.0
    assert far < 0.3
    assert (similarity(say(""), say(None)), similarity(say(""), say("x"))) == (1.0, 0.0)


@given(first=st.text(max_size=60), second=st.text(max_size=60))
def test_similarity_is_a_share_and_does_not_depend_on_the_order(first: str, second: str) -> None:
    """It is between 0 and 1, and the same both ways."""
    there, back = similarity(say(first), say(second)), similarity(say(second), say(first))

    assert 0.0 <= there <= 1.0
    assert there == pytest.approx(back)
