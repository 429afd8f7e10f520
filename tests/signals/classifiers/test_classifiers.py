"""Tests of classifiers as a source: what they say of requests, and what is told where they cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from policy_engine.diagnostics import Address
from policy_engine.errors import SignalError
from policy_engine.model.classifier import TrainedClassifier
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations, Setting
from policy_engine.model.request import Request
from policy_engine.signals.classifiers.classifiers import Classifiers, classifiers_of
from policy_engine.signals.embedders.hashed import DIMENSIONS
from policy_engine.signals.embedders.named import Embedders
from tests.classifier_file import knowing

EASY = knowing({"hello": (4, 20, -20)}, "easy", "hard")
HASHED = replace(EASY, embedder="hashed/1", embedding=((1, -1),) * DIMENSIONS)
GROUP = "classifier.complexity"


def declaring(**trained: TrainedClassifier) -> Declarations:
    """Declarations of classifiers with their files."""
    return Declarations(
        fingerprint="",
        classifiers={
            name: Setting(
                name=name, value={"file": f"{name}.json", "labels": ["easy", "hard"]}, address=Address("p", ())
            )
            for name in trained
        },
        assets={f"{name}.json": one.to_text().encode() for name, one in trained.items()},
    )


def said(declarations: Declarations, request: Request, tmp_path: Path) -> Mapping[str, object]:
    """What the classifiers say of a request, with no local model on the machine."""
    facts = Facts(request, layout_of(declarations))
    found: dict[str, object] = {}
    for source in sources(declarations, tmp_path):
        found |= source.resolve(tuple(f"classifier.{name}" for name in declarations.classifiers), facts, 0.0)
    return found


def sources(declarations: Declarations, tmp_path: Path) -> list[Classifiers]:
    """The sources of some declarations."""
    return list(classifiers_of(declarations, Embedders(folder=tmp_path)))


def test_the_newest_user_message_is_judged(tmp_path: Path) -> None:
    """A classifier gives a label and how likely it is right, by the message and nothing else."""
    messages = [{"role": "user", "content": "prove it"}, {"role": "user", "content": "hello"}]

    value = said(declaring(complexity=EASY), Request(messages=messages), tmp_path)[GROUP]

    assert isinstance(value, dict)
    assert value["label"] == "easy"
    assert 0.9 < value["score"] < 1.0


def test_without_evidence_it_is_unknown(tmp_path: Path) -> None:
    """No message, or one of which nothing is known, has no label."""
    declared = declaring(complexity=EASY)

    assert said(declared, Request(), tmp_path) == {GROUP: UNKNOWN}
    assert said(declared, Request(input="xyzzy"), tmp_path) == {GROUP: UNKNOWN}


def test_a_classifier_may_read_vectors(tmp_path: Path) -> None:
    """One that was trained with an embedder asks it, also about words that it does not know."""
    value = said(declaring(complexity=HASHED), Request(input="xyzzy"), tmp_path)[GROUP]

    assert isinstance(value, dict)
    assert value["label"] in ("easy", "hard")


def test_the_embedder_must_be_the_one_it_was_trained_with(tmp_path: Path) -> None:
    """A model of the same name with other weights makes the signal fail, and the reason names both."""
    other = replace(HASHED, embedder="hashed@other")

    value = said(declaring(complexity=other), Request(input="hello"), tmp_path)[GROUP]

    assert isinstance(value, SignalError)
    assert value.reason == "a classifier was trained with `hashed@other`, not `hashed/1`"


def test_an_embedder_that_is_not_there_makes_it_fail(tmp_path: Path) -> None:
    """The reason says how to get it."""
    value = said(declaring(complexity=replace(HASHED, embedder="minilm@1")), Request(input="hello"), tmp_path)[GROUP]

    assert isinstance(value, SignalError)
    assert "policy-engine embedder add" in value.reason


def test_those_that_read_words_do_not_wait_for_the_others(tmp_path: Path) -> None:
    """There is a source that answers at once and one that may wait, each for its own classifiers."""
    plain, slow = sources(declaring(complexity=EASY, topic=HASHED), tmp_path)

    assert (plain.blocking, slow.blocking) == (False, True)
    assert (plain.knows(GROUP), plain.knows("classifier.topic"), slow.knows("classifier.topic")) == (True, False, True)
    assert not plain.knows("similar.complexity")
