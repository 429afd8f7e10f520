"""The phrases of some policies: a source of `similar.NAME`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_engine.errors import EmbedderError, MissingExtra, SignalError
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.policy import Declarations, Setting

if TYPE_CHECKING:
    from policy_engine.signals.embedders.named import Embedders
    from policy_engine.signals.embedders.protocol import Embedder, Vectors

_HASHED = "hashed"


class Phrases:
    """
    Sets of phrases that the newest user message is compared to, a `Source`. Safe under threads.

    Args:
        settings: the declared sets, by name.
        embedders: by name; a set's phrases are embedded when it is first asked.
    """

    def __init__(self, settings: Mapping[str, Setting], embedders: Embedders) -> None:
        self._settings = settings
        self._embedders = embedders
        self._vectors: dict[str, Vectors] = {}
        self.blocking = any(_embedder_of(setting) != _HASHED for setting in settings.values())

    def knows(self, group: str) -> bool:
        """Whether a group is one of its own."""
        section, _, name = group.partition(".")
        return section == "similar" and name in self._settings

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:  # noqa: ARG002  (a Source's signature)
        """The highest similarity of the message to a phrase of each set; UNKNOWN without words to compare."""
        message = facts.message
        if message is None or not message.strip():
            return dict.fromkeys(filter(self.knows, groups), UNKNOWN)
        told: dict[str, Vectors] = {}
        with self._embedders.paid_by(facts.expenses):
            return {group: self._value(group, message, told) for group in groups if self.knows(group)}

    def _value(self, group: str, message: str, told: dict[str, Vectors]) -> object:
        setting = self._settings[group.partition(".")[2]]
        try:
            embedder = self._embedders.get(_embedder_of(setting))
            if embedder.identity not in told:
                told[embedder.identity] = embedder.embed((message,))[0]
            similarities = self._phrases(setting, embedder) @ told[embedder.identity]
        except EmbedderError as error:
            return _failed(group, error.reason, error)
        except MissingExtra as error:
            return _failed(group, str(error), error)
        return max(0.0, min(1.0, float(similarities.max())))

    def _phrases(self, setting: Setting, embedder: Embedder) -> Vectors:
        vectors = self._vectors.get(setting.name)
        if vectors is None:
            vectors = self._vectors[setting.name] = embedder.embed(tuple(setting.value["of"]))
        return vectors


def phrases_of(declarations: Declarations, embedders: Embedders, *, local_only: bool = False) -> Iterator[Phrases]:
    """
    The sets that a bundle declares: those that are compared in microseconds, then those that wait for an embedder.

    Args:
        local_only: leave out those whose embedder is a provider's.
    """
    providers = declarations.providers if local_only else {}
    settings = {
        name: setting
        for name, setting in declarations.phrases.items()
        if _embedder_of(setting).partition("/")[0] not in providers
    }
    for is_hashed in (True, False):
        some = {name: one for name, one in settings.items() if (_embedder_of(one) == _HASHED) is is_hashed}
        if some:
            yield Phrases(some, embedders)


def _embedder_of(setting: Setting) -> str:
    return str(setting.value.get("embedder"))


def _failed(group: str, reason: str, error: Exception) -> SignalError:
    failed = SignalError(group, reason)
    failed.__cause__ = error
    return failed
