"""Tests of BERT's word pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.signals.embedders.wordpiece import WordPiece

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "order", "##s", "!", "cafe", "北", "京", "it", "'", "s"]


def pieces(text: str, *, max_tokens: int = 16, lower_case: bool = True) -> list[str]:
    """A text's pieces."""
    return [PIECES[id] for id in WordPiece(PIECES, max_tokens=max_tokens, lower_case=lower_case).ids(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("Orders!", ["order", "##s", "!"]),
        ("  café\torder\n", ["cafe", "order"]),
        ("it's", ["it", "'", "s"]),
        ("北京", ["北", "京"]),
        ("order\u200bs", ["order", "##s"]),
        ("unknown orders", ["[UNK]", "order", "##s"]),
        ("o" * 101, ["[UNK]"]),
    ],
)
def test_texts_are_cut_as_bert_cuts_them(text: str, expected: list[str]) -> None:
    """Words are folded, marks and CJK characters stand alone, and what is not in the vocabulary is one unknown."""
    assert pieces(text) == ["[CLS]", *expected, "[SEP]"]


def test_case_is_kept_where_the_vocabulary_has_it() -> None:
    """Without folding, a capital is another letter."""
    assert pieces("Order order", lower_case=False) == ["[CLS]", "[UNK]", "order", "[SEP]"]


@given(st.text(st.characters(codec=None), max_size=200), st.integers(3, 12))
def test_any_text_fits(text: str, most: int) -> None:
    """Every text, lone surrogates included, gives ids of the vocabulary, never more than asked for."""
    ids = WordPiece(PIECES, max_tokens=most, lower_case=True).ids(text)

    assert len(ids) <= most
    assert all(0 <= id < len(PIECES) for id in ids)
