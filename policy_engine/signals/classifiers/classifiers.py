"""The classifiers of some policies: a source of `classifier.NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_engine.errors import EmbedderError, MissingExtra, SignalError
from policy_engine.model.classifier import TrainedClassifier, read_classifier
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.policy import Declarations
from policy_engine.signals.classifiers.linear import LinearClassifier

if TYPE_CHECKING:
    from policy_engine.signals.embedders.named import Embedders
    from policy_engine.signals.embedders.protocol import Embedder


class Classifiers:
    """
    Classifiers that judge the newest user message, a `Source`. Safe under threads.

    Args:
        trained: by the name that policies use.
        embedders: those that classifiers read vectors of.
    """

    def __init__(self, trained: Mapping[str, TrainedClassifier], embedders: Embedders) -> None:
        self._trained = trained
        self._embedders = embedders
        self._made: dict[str, tuple[LinearClassifier, Embedder | None]] = {}
        self.blocking = any(one.embedder is not None for one in trained.values())

    def knows(self, group: str) -> bool:
        """Whether a group is one of its own."""
        section, _, name = group.partition(".")
        return section == "classifier" and name in self._trained

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:  # noqa: ARG002  (a Source's signature)
        """
        `{label, score}` of each classifier, the score being the probability that its label is right.

        UNKNOWN without a user message, and for one in which a classifier knows nothing.
        """
        return {group: self._value(group, facts.message) for group in groups if self.knows(group)}

    def _value(self, group: str, message: str | None) -> object:
        if message is None:
            return UNKNOWN
        try:
            classifier, embedder = self._classifier(group.partition(".")[2])
            found = classifier.judge(message, None if embedder is None else embedder.embed((message,))[0])
        except EmbedderError as error:
            return _failed(group, error.reason, error)
        except MissingExtra as error:
            return _failed(group, str(error), error)
        return UNKNOWN if found is None else {"label": found[0], "score": found[1]}

    def _classifier(self, name: str) -> tuple[LinearClassifier, Embedder | None]:
        made = self._made.get(name)
        return made if made is not None else self._made.setdefault(name, self._make(self._trained[name]))

    def _make(self, trained: TrainedClassifier) -> tuple[LinearClassifier, Embedder | None]:
        name = trained.embedder_name
        if name is None:
            return LinearClassifier(trained), None
        embedder = self._embedders.get(name)
        if embedder.identity != trained.embedder:
            raise EmbedderError(name, f"a classifier was trained with `{trained.embedder}`, not `{embedder.identity}`")
        return LinearClassifier(trained), embedder


def classifiers_of(declarations: Declarations, embedders: Embedders) -> Iterator[Classifiers]:
    """
    The classifiers that a bundle declares: those that read words only, then those that wait for an embedder, so that
    the one kind does not wait for the other.
    """
    trained = dict(_read(declarations))
    for is_plain in (True, False):
        some = {name: one for name, one in trained.items() if (one.embedder is None) is is_plain}
        if some:
            yield Classifiers(some, embedders)


def _read(declarations: Declarations) -> Iterator[tuple[str, TrainedClassifier]]:
    for name, setting in declarations.classifiers.items():
        content = declarations.assets.get(str(setting.value.get("file")))
        if content is not None:  # validated policies have all their files
            yield name, read_classifier(content)


def _failed(group: str, reason: str, error: Exception) -> SignalError:
    failed = SignalError(group, reason)
    failed.__cause__ = error
    return failed
