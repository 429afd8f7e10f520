"""Tests of languages: told by their codes, and unknown where a text is too short or could be several."""

from __future__ import annotations

import pytest

from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.languages import LANGUAGES
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations
from policy_engine.model.request import Request
from policy_engine.signals.language import Languages, language_of, letters_in


def told(request: Request, group: str = "message.language") -> object:
    """What the source says of a request."""
    return Languages().resolve((group,), Facts(request, layout_of(Declarations(fingerprint=""))), 0.0)[group]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is my order 123456?", "en"),
        ("Wo ist meine Bestellung?", "de"),
        ("Je voudrais annuler ma commande", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("ciao, vorrei un rimborso", "it"),
        ("waar is mijn pakket", "nl"),
        ("gdzie jest moja paczka", "pl"),
        ("Где мой заказ?", "ru"),
        ("أين طلبي يا صديقي", "ar"),
        ("我的订单在哪里", "zh"),
        ("注文はどこですか", "ja"),
        ("주문이 어디에 있나요", "ko"),
    ],
)
def test_a_language_is_told_by_its_code(text: str, code: str) -> None:
    """A short question is enough."""
    assert told(Request(input=text)) == code


@pytest.mark.parametrize("text", ["ok", "hi", "danke", "123 456 789 000", "", "注文"])
def test_what_is_too_short_is_unknown(text: str) -> None:
    """A word or a number is in no language."""
    assert told(Request(input=text)) is UNKNOWN


def test_what_could_be_anything_is_unknown() -> None:
    """Letters that are no words are in no language."""
    assert told(Request(input="xq zvb kkj wwp qqz")) is UNKNOWN


def test_a_request_without_texts_has_no_language() -> None:
    """Neither of the message nor of everything sent."""
    assert told(Request()) is UNKNOWN
    assert told(Request(), "input.language") is UNKNOWN


def test_the_message_and_everything_sent_are_told_apart() -> None:
    """`message` is the newest user message, `input` all that was sent."""
    messages = [
        {"role": "system", "content": "Du bist ein freundlicher Helfer und antwortest auf alle Fragen ausführlich."},
        {"role": "user", "content": "Where is my order?"},
    ]

    assert told(Request(messages=messages)) == "en"
    assert told(Request(messages=messages), "input.language") == "de"


def test_letters_of_scripts_without_alphabet_count_more() -> None:
    """A sign that is a word says more than a letter; digits and marks say nothing."""
    assert (letters_in("ab 12!"), letters_in("订单"), letters_in("é1")) == (2, 6, 1)


def test_lines_and_broken_characters_do_no_harm() -> None:
    """A text of several lines, with half of a character in it, is told all the same."""
    assert language_of("Wo ist\nmeine \ud800 Bestellung?\n") == "de"


def test_languages_have_codes_of_two_letters() -> None:
    """All codes of ISO 639-1 are known, each with a name of its own."""
    assert len(LANGUAGES) == len(set(LANGUAGES.values())) == 183
    assert {len(code) for code in LANGUAGES} == {2}
