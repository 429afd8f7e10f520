"""The caches of some policies: a source of `cache.NAME`, and where answers come from and go to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from policy_engine.errors import EmbedderError, MissingExtra, SignalError, StateError
from policy_engine.model.call import Reply
from policy_engine.model.decision import Decision
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.policy import Declarations
from policy_engine.signals.caches.asked import asked_of
from policy_engine.signals.caches.cache import Found, KeptCache
from policy_engine.signals.caches.directories import Directories
from policy_engine.signals.caches.flights import Flights
from policy_engine.signals.caches.settings import CacheSettings, read_settings
from policy_engine.signals.caches.shared_flights import SharedFlights
from policy_engine.signals.embedders.named import Embedders
from policy_engine.state.state import State

FOUND: Final = "found"
"""Under which name a signal's value carries what was found, beside what rules read."""


class Caches:
    """
    The caches that a bundle declares. Safe under threads.

    Args:
        state: where entries and answers are.
        embedders: by name.
        directories: those over the same state, where there are some already.

    Attributes:
        flights: who is about to fill an entry, in this process.
        shared_flights: the same in all processes that share the state; None if it is this process's own.
    """

    def __init__(
        self,
        declarations: Declarations,
        *,
        state: State,
        embedders: Embedders,
        directories: Directories | None = None,
    ) -> None:
        self._settings = {
            name: read_settings(setting, declarations.assets) for name, setting in declarations.caches.items()
        }
        self._state = state
        self._embedders = embedders
        self._directories = directories or Directories(state)
        self._directories.only(self._settings)
        self._made: dict[str, KeptCache] = {}
        self.flights = Flights()
        self.shared_flights = SharedFlights(state) if state.blocking else None

    @property
    def blocking(self) -> bool:
        """Whether a lookup waits for a disk or a network, or computes for more than a moment."""
        named = {settings.embedder for settings in self._settings.values()}
        return self._state.blocking or not named <= {None, "hashed"}

    def knows(self, group: str) -> bool:
        """Whether a group is one of its own."""
        section, _, name = group.partition(".")
        return section == "cache" and name in self._settings

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:
        """What each cache has for a request; UNKNOWN where the request says nothing to look for."""
        with self._embedders.paid_by(facts.expenses):
            return {group: self._value(group, facts, now_s) for group in groups if self.knows(group)}

    def reply(self, name: str, facts: Facts, *, now_s: float) -> Reply | None:
        """
        The answer of the entry that the condition saw; of the best entry now, where the request itself said what it
        is to see.
        """
        found = found_in(facts, name)
        if found is None:
            asked = asked_of(facts, self._settings[name])
            with self._embedders.paid_by(facts.expenses):
                found = None if asked is None else self.cache(name).find(asked, now_s=now_s)
        return None if found is None else found.reply

    def store(self, name: str, facts: Facts, reply: Reply, *, decision: Decision, now_s: float) -> bool:
        """
        Keeps an answer if it is whole: text that ended by itself, without calls of tools. Tells whether it did.

        Raises:
            StateError, EmbedderError, MissingExtra: it could not be kept.
        """
        settings = self._settings.get(name)
        if settings is None or not is_whole(reply):
            return False
        found = found_in(facts, name)
        if found is None:
            asked = asked_of(facts, settings)
            if asked is None:
                return False
            found = Found(asked=asked)
        with self._embedders.paid_by(facts.expenses):
            self.cache(name).keep(found, reply, revision=decision.revision, tags=tuple(decision.tags), now_s=now_s)
        return True

    def question(self, name: str, facts: Facts) -> tuple[str, ...] | None:
        """What a request asks a cache, for telling whether two ask the same; None where it was not seen to miss."""
        found = found_in(facts, name)
        return None if found is None or found.is_hit else (name, found.asked.key, found.asked.normal)

    def hurry(self, name: str) -> None:
        """Has the next request find in a cache what other processes have kept by then."""
        made = self._made.get(name)
        if made is not None:
            made.hurry()

    def cache(self, name: str) -> KeptCache:
        """
        The cache of that name.

        Raises:
            KeyError: the bundle declares none.
            EmbedderError, MissingExtra: its embedder is not there.
        """
        made = self._made.get(name)
        return made if made is not None else self._made.setdefault(name, self._make(self._settings[name]))

    def names(self) -> tuple[str, ...]:
        """The declared caches."""
        return tuple(self._settings)

    def _make(self, settings: CacheSettings) -> KeptCache:
        embedder = None if settings.embedder is None else self._embedders.get(settings.embedder)
        return KeptCache(settings, self._state, embedder, directories=self._directories)

    def _value(self, group: str, facts: Facts, now_s: float) -> object:
        name = group.partition(".")[2]
        asked = asked_of(facts, self._settings[name])
        if asked is None:
            return UNKNOWN
        try:
            found = self.cache(name).find(asked, now_s=now_s)
        except (EmbedderError, StateError) as error:
            return _failed(group, error.reason, error)
        except MissingExtra as error:
            return _failed(group, str(error), error)
        return {"similarity": found.similarity, "hit": found.is_hit, FOUND: found}


def found_in(facts: Facts, name: str) -> Found | None:
    """What a cache was seen to have for a request; None where nobody looked."""
    value: Any = facts.signals.get(f"cache.{name}")
    found = value.get(FOUND) if isinstance(value, Mapping) else None
    return found if isinstance(found, Found) else None


def is_whole(reply: Reply) -> bool:
    """Whether an answer can be given again: it ended by itself, has text, and calls no tools."""
    return reply.finish_reason == "stop" and bool(reply.text.strip()) and not reply.message.get("tool_calls")


def _failed(group: str, reason: str, error: Exception) -> SignalError:
    failed = SignalError(group, reason)
    failed.__cause__ = error
    return failed
