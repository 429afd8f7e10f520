"""Tests of phrases: how similar a message is to the nearest of them, and what is told where nobody can say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from policy_engine.diagnostics import Address
from policy_engine.errors import SignalError
from policy_engine.model.expenses import Expenses
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations, Provider, Setting
from policy_engine.model.request import Request
from policy_engine.signals.embedders.hashed import HashedEmbedder
from policy_engine.signals.embedders.named import Embedders
from policy_engine.signals.phrases import Phrases, phrases_of

AT = Address("p", ())


def declaring(**embedders: str) -> Declarations:
    """Sets of the same two phrases under several embedders."""
    return Declarations(
        fingerprint="",
        providers={"api": Provider(name="api", kind="openai", tags=(), settings={}, address=AT)},
        phrases={
            name: Setting(name=name, value={"embedder": embedder, "of": ["talk to a person", "goodbye"]}, address=AT)
            for name, embedder in embedders.items()
        },
    )


def sources(declarations: Declarations, tmp_path: Path, *, local_only: bool = False) -> list[Phrases]:
    """The sources of some declarations, with no local model on the machine."""
    return list(phrases_of(declarations, Embedders(folder=tmp_path), local_only=local_only))


def similarity(request: Request, tmp_path: Path, embedder: str = "hashed") -> object:
    """What the only set says of a request."""
    declared = declaring(human=embedder)
    (source,) = sources(declared, tmp_path)
    return source.resolve(("similar.human",), Facts(request, layout_of(declared)), 0.0)["similar.human"]


def test_it_is_the_similarity_of_the_nearest_phrase(tmp_path: Path) -> None:
    """The highest cosine of the message and a phrase, by the embedder that is named."""
    vectors = HashedEmbedder().embed(["I want to talk to a person", "talk to a person", "goodbye"])
    expected = max(float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2]))

    assert similarity(Request(input="I want to talk to a person"), tmp_path) == pytest.approx(expected)
    assert similarity(Request(input="Goodbye"), tmp_path) == pytest.approx(1.0)


@pytest.mark.parametrize("request_", [Request(), Request(input=""), Request(input=" \n")])
def test_without_words_it_is_unknown(request_: Request, tmp_path: Path) -> None:
    """There is nothing to compare."""
    assert similarity(request_, tmp_path) is UNKNOWN


class Opposites:
    """An embedder for which phrases and messages are opposites, under any name."""

    identity = "opposites/1"
    blocking = False

    def get(self, _name: str) -> Opposites:
        """Itself."""
        return self

    def paid_by(self, _expenses: Expenses) -> AbstractContextManager[None]:
        """Nobody has to pay."""
        return nullcontext()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One way for several texts, the other for a single one."""
        return np.array([[1.0 if len(texts) > 1 else -1.0]] * len(texts), np.float32)


def test_a_message_that_is_the_opposite_is_not_similar() -> None:
    """A negative cosine is no similarity, and stays one that ranges can be compared with."""
    declared = declaring(human="any")
    source = Phrases(declared.phrases, cast(Embedders, Opposites()))

    assert source.resolve(("similar.human",), Facts(Request(input="x"), layout_of(declared)), 0.0) == {
        "similar.human": 0.0
    }


def test_an_embedder_that_is_not_there_makes_it_fail(tmp_path: Path) -> None:
    """The signal fails and says how to get the embedder."""
    failed = similarity(Request(input="hello"), tmp_path, embedder="minilm")

    assert isinstance(failed, SignalError)
    assert "policy-engine embedder add" in failed.reason


def test_hashed_phrases_do_not_wait_for_the_others(tmp_path: Path) -> None:
    """There is a source that answers at once and one that may wait, each for its own sets."""
    quick, slow = sources(declaring(human="hashed", bye="minilm", far="api/model"), tmp_path)

    assert (quick.blocking, slow.blocking) == (False, True)
    assert [slow.knows(f"similar.{name}") for name in ("human", "bye", "far")] == [False, True, True]


def test_a_providers_embedder_can_be_left_out(tmp_path: Path) -> None:
    """Whoever may call nothing leaves those sets unknown."""
    _, slow = sources(declaring(human="hashed", bye="minilm", far="api/model"), tmp_path, local_only=True)

    assert [slow.knows(f"similar.{name}") for name in ("bye", "far")] == [True, False]
