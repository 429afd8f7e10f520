"""Tests of guards: minimal pairs are told apart, and paraphrases are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.signals.guards.guard import GUARDS, MAX_CHARS, Veto, read_beginning, veto

LINES = (Path(__file__).parent / "minimal_pairs.txt").read_text(encoding="utf-8").splitlines()
MINIMAL = [tuple(line.partition(": ")[2].split(" | ")) for line in LINES if " | " in line and not line.startswith("#")]

PARAPHRASES = [
    ("Where is my parcel?", "Could you tell me where my parcel is?"),
    ("How do I reset my password?", "I forgot my password, how can I reset it?"),
    ("My card hasn't arrived yet", "I still have not received my card"),
    ("No, that is not possible.", "That is not possible."),
    ("Don't forget to add salt", "Remember to add salt"),
    ("The page doesn't exist in v2.10", "The page does not exist in version 2.10"),
    ("Send me 1,000 flyers", "Please send me 1000 flyers"),
    ("It costs 5k a year", "It costs 5000 a year"),
    ("Set a timer for five minutes", "set a timer for 5 mins"),
    ("What does NASA do?", "What does the National Aeronautics and Space Administration do?"),
    ("Cats and dogs", "Dogs and cats"),
    ("Is Paris worth a visit?", "Is it worth visiting Paris?"),
    ("There are two methods, and the one with a folder is simple", "One simple way is the method with a folder"),
    ("What's the weather like in Oslo on Monday?", "Tell me Monday's weather in Oslo"),
    ("Summarise the report", "Summarize this report please"),
    ("How To Bake Bread At Home", "how to bake bread at home"),
    ("turn on the lights", "turn the lights on"),
    ("I don't know how to reset my PIN", "How do I reset my PIN?"),
    ("I was charged twice", "I was charged two times"),
    ("Call me at 3pm", "Call me at 3 pm"),
    ("It is -5 degrees outside", "It is minus 5 degrees outside"),
    ("What is 5 plus 5?", "What is 5 + 5?"),
    ("World War II", "World War 2"),
    ("What is one way to relax?", "What is a way to relax?"),
    ("Is it optional?", "Is it not mandatory?"),
    ("sugar-free cola", "cola without sugar"),
    ("use `grep` to search", "use grep to search"),
    ("What is the yearly fee?", "What is the annual fee?"),
]


@pytest.mark.parametrize(("one", "other"), MINIMAL)
def test_minimal_pairs_are_told_apart(one: str, other: str) -> None:
    """A small difference that changes the answer is a veto, whichever of the two texts was there first."""
    assert veto(one, other) is not None
    assert veto(other, one) is not None


def test_there_are_enough_minimal_pairs() -> None:
    """Each kind of difference is shown by twenty pairs and more."""
    kinds = [line.partition(": ")[0] for line in LINES if " | " in line and not line.startswith("#")]

    assert {kind: kinds.count(kind) >= 20 for kind in GUARDS} == dict.fromkeys(GUARDS, True)


@pytest.mark.parametrize(("one", "other"), PARAPHRASES)
def test_paraphrases_pass(one: str, other: str) -> None:
    """The same question in other words has no veto."""
    assert (veto(one, other), veto(other, one)) == (None, None)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("turn on the lights", "turn off the lights", Veto(guard="polarity", reason="`on` against `off`")),
        ("I can log in", "I can't log in", Veto(guard="polarity", reason="`can't` in one only")),
        ("lock the door", "unlock the door", Veto(guard="polarity", reason="`lock` against `unlock`")),
        ("How do I buy it?", "How do I sell it?", Veto(guard="antonyms", reason="`buy` against `sell`")),
        ("What is 15+27?", "What is 15+28?", Veto(guard="numbers", reason="`27` against `28`")),
        ("divide 8 by 2", "divide 2 by 8", Veto(guard="numbers", reason="the same numbers in another order")),
        ("it is 20 °C", "it is 20 °F", Veto(guard="units", reason="`celsius` against `fahrenheit`")),
        ("open on monday", "open on friday", Veto(guard="dates", reason="`monday` against `friday`")),
        ("Who is Alice Lee?", "Who is Bob Lee?", Veto(guard="names", reason="`alice` against `bob`")),
        (
            "fly from Rome to Berlin",
            "fly from Berlin to Rome",
            Veto(guard="names", reason="`rome` and `berlin` have changed places"),
        ),
        (
            "fly from New York to Rome",
            "fly from Rome to New York",
            Veto(guard="names", reason="`new york` and `rome` have changed places"),
        ),
        ("the first chapter", "the second chapter", Veto(guard="numbers", reason="`1` against `2`")),
        ("a useful tip", "a useless tip", Veto(guard="polarity", reason="`useful` against `useless`")),
    ],
)
def test_a_veto_says_why(one: str, other: str, expected: Veto) -> None:
    """A veto names its guard and the difference."""
    assert veto(one, other) == expected


def test_guards_are_switched_by_name() -> None:
    """Only the guards that are named are asked."""
    assert veto("What is 15+27?", "What is 15+28?", ("polarity", "names")) is None
    assert veto("What is 15+27?", "What is 15+28?", ()) is None


def test_texts_are_read_by_whoever_remembers_them() -> None:
    """Texts come from the reader that is given, and are read only where a glance at them does not do."""
    remembered = {text: read_beginning(text) for text in ("What is 15+27?", "What is 15+28?")}

    assert veto(*remembered, read=remembered.__getitem__) == veto(*remembered)
    assert veto("what is it", "what is it please", read=remembered.__getitem__) is None


@settings(max_examples=100)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_texts_can_be_compared(one: str, other: str) -> None:
    """Whatever two texts hold, guards agree on whether they differ, both ways round, and a text passes for itself."""
    assert (veto(one, other) is None) == (veto(other, one) is None)
    assert veto(one, one) is None


@pytest.mark.parametrize(
    "text", ["a " * 50_000, "1" * 100_000, "-" * 100_000, "A.b" * 30_000, "not " * 30_000, "°" * 29_999, "No, " * 9_999]
)
def test_hostile_texts_are_read_by_their_beginning(text: str) -> None:
    """What comes after the first 20,000 characters changes nothing, and no text costs more than its length."""
    assert veto(text, text[:MAX_CHARS]) is None
    assert veto(text, text + " 17 not Alice") is None
