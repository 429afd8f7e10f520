"""Tests of a cache's entries as bytes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from policy_engine.signals.caches.contents import Contents
from policy_engine.signals.caches.entry import Entry
from policy_engine.signals.caches.neighbours import EXACT_UP_TO
from policy_engine.signals.caches.packed import captured, pack, unpacked

COUNT = EXACT_UP_TO + 10
VECTORS = np.random.default_rng(3).normal(size=(COUNT, 8)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)


def contents() -> Contents:
    """So many entries that there is an index, without the first few."""
    made = Contents()
    for number in range(COUNT):
        text = f"question {number}"
        made.put(
            Entry(
                id=f"e{number}",
                key="k",
                text=text,
                normal=text,
                revision="r",
                tags=("a",),
                until_s=9,
                vector=VECTORS[number].astype(np.float16),
            )
        )
    while not made.is_tidy:
        made.tend()
    for number in range(5):
        made.drop(f"e{number}")
    return made


def packed(made: Contents, log: str = "l") -> bytes:
    """All pieces together."""
    return b"".join(bytes(piece) for piece in pack(captured(made, 17), log))


def found(made: Contents) -> list[list[str]]:
    """What is nearest to some vectors."""
    return [[id for id, _ in made.nearest("k", VECTORS[number], 1)] for number in range(0, COUNT, 50)]


def test_what_is_unpacked_is_what_was_packed() -> None:
    """Entries, their order, what is nearest and the position are the same, also when packed once more."""
    made = contents()
    once = unpacked(memoryview(packed(made)), "l")
    again = unpacked(memoryview(packed(once.contents)), "l")

    assert (once.position, again.position) == (17, 17)
    assert tuple(again.contents.all()) == tuple(made.all())
    assert found(again.contents) == found(made)
    assert again.contents.same("k", "question 9") == made.same("k", "question 9")
    assert again.contents.same("k", "question 1") is None


def test_questions_are_read_without_their_entries() -> None:
    """Until its time is over, a question that was packed is there by name, whatever characters it has."""
    made = Contents()
    for id, text in (("a", "Größe\udc80?"), ("b", "")):
        made.put(Entry(id=id, key="k", text=text, normal=text, revision="r", tags=(), until_s=9))
    read = unpacked(memoryview(packed(made)), "l").contents

    asked = [("a", 8.9), ("b", 8.9), ("a", 9.0), ("c", 8.9)]
    for contents in (made, read):
        assert [contents.text(id, now_s=now_s) for id, now_s in asked] == ["Größe\udc80?", "", None, None]
    assert read.entry("a") == made.entry("a")


def test_an_index_of_another_usearch_is_made_anew() -> None:
    """An index that another release of usearch wrote is left out, and what is nearest is found all the same."""
    made = contents()
    other = re.sub(rb'"usearch": "(\d)', lambda match: b'"usearch": "' + b"9" * len(match[1]), packed(made))
    read = unpacked(memoryview(other), "l").contents

    assert not read.is_tidy
    assert found(read) == found(made)
    while not read.is_tidy:
        read.tend()
    assert found(read) == found(made)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"policy_engine cache\n", b"policy_engine cabin\n", "it does not begin as such files do"),
        (b'"format": 2', b'"format": 1', "it has format 1, and this release reads 2"),
        (b'"log": "l"', b'"log": "m"', "it is of `m`"),
    ],
)
def test_bytes_of_another_order_are_refused(old: bytes, new: bytes, reason: str) -> None:
    """What is of a later release, of another log or of something else is not read."""
    content = packed(contents()).replace(old, new, 1)

    with pytest.raises(ValueError, match=re.escape(reason)):
        unpacked(memoryview(content), "l")


def test_bytes_that_are_cut_off_are_refused() -> None:
    """Whatever is missing at the end is noticed."""
    content = packed(contents())
    for size in range(0, len(content), len(content) // 20):
        with pytest.raises(ValueError, match=r"cut off|does not begin|Expecting value"):
            unpacked(memoryview(content[:size]), "l")
