"""One cache: the best entry for a question, entries kept and removed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol
from uuid import uuid4

import numpy as np

from policy_engine.model.calibration import NEVER
from policy_engine.model.call import Reply
from policy_engine.signals.caches.asked import Asked, normal
from policy_engine.signals.caches.checks import Check, Checks, Realised
from policy_engine.signals.caches.directories import LOGS, Directories
from policy_engine.signals.caches.entry import Entry, decoded_reply, encoded, encoded_reply
from policy_engine.signals.caches.settings import CacheSettings
from policy_engine.signals.guards.guard import Veto, read_beginning, veto
from policy_engine.signals.guards.numbers import veto as numbers_differ
from policy_engine.signals.guards.words import Pair, read
from policy_engine.state.process import PerProcess
from policy_engine.state.state import State

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.signals.caches.directory import Directory
    from policy_engine.signals.embedders.protocol import Embedder

CHECKS: Final = "cache-checks/"
"""How the names of logs of checks begin; the cache's name follows, then the embedder's."""

MAX_CHARS: Final = 2_000
"""Longer texts are hits for themselves alone: what embedders and guards see is their beginning."""

LEARN_FROM: Final = 0.6
"""From which similarity on a fresh answer is compared with the nearest entry's, to learn how often that is right."""

REMEMBERED: Final = 2_048
"""How many texts are kept as guards see them."""

ALIKE: Final = 0.8
"""The similarity from which two answers say the same, where they are not equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What a cache has for a question.

    Attributes:
        similarity: of the nearest entry, 0 without one.
        reply: its answer, where it is a hit.
        near: the entry and similarity that was compared, for a check by a fresh answer.
        veto: which guard spoke against the nearest.
        reason: why there is no hit although an entry is near; empty otherwise.
        asked, vector: the question, and its direction.
    """

    asked: Asked
    similarity: float = 0.0
    reply: Reply | None = None
    near: tuple[str, float] | None = None
    veto: Veto | None = None
    reason: str = ""
    vector: NDArray[np.float32] | None = None

    @property
    def is_hit(self) -> bool:
        """Whether the cache answers."""
        return self.reply is not None


class Cache(Protocol):
    """Answers by question. Everything blocks, and raises `StateError` where the state cannot be used."""

    def find(self, asked: Asked, *, now_s: float) -> Found:
        """What there is for a question."""
        ...

    def keep(self, found: Found, reply: Reply, *, revision: str, tags: tuple[str, ...], now_s: float) -> None:
        """Keeps the answer to a question that was looked for."""
        ...

    def entries(self, *, now_s: float) -> Iterator[Entry]:
        """What is kept."""
        ...

    def remove(self, ids: tuple[str, ...], *, now_s: float) -> int:
        """Removes entries; gives how many there were."""
        ...


class KeptCache:
    """
    A cache over a state: exact without an embedder, else semantic.

    Args:
        directories: those over the same state, where there are some already.
        chance: a number from 0 to 1, which decides whether a hit is checked.
    """

    def __init__(
        self,
        settings: CacheSettings,
        state: State,
        embedder: Embedder | None,
        *,
        directories: Directories | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._state = state
        self._embedder = embedder
        self._chance = chance
        self._read = lru_cache(maxsize=REMEMBERED)(read_beginning)  # questions that are asked often are near often
        identity = "exact" if embedder is None else embedder.identity
        self._prefix = f"{LOGS}{settings.name}/"
        self.name = f"{self._prefix}{identity}"
        self._directory = (directories or Directories(state)).of(settings.name, identity, ttl_s=settings.ttl_s)
        self._checks = PerProcess(lambda: Checks(state.log, f"{CHECKS}{settings.name}/{identity}"))
        self._misfit = _misfit(settings, identity)

    def find(self, asked: Asked, *, now_s: float) -> Found:
        """What there is for a question; EmbedderError where its text cannot be embedded."""
        directory = self._directory.get()
        directory.follow(now_s)
        same = directory.same(asked.key, asked.normal, now_s=now_s)
        vector = None if self._embedder is None else self._embedder.embed([asked.text])[0]
        if same is not None:
            near = (same.id, 1.0)
            found = Found(asked=asked, similarity=1.0, vector=vector, near=near)
            if vector is None:
                return self._hit(near, found, directory, now_s)
            return self._decided(near, found, directory, now_s, self._threshold(now_s))
        return Found(asked=asked) if vector is None else self._nearest(asked, vector, directory, now_s)

    def keep(self, found: Found, reply: Reply, *, revision: str, tags: tuple[str, ...], now_s: float) -> None:
        """Keeps the answer to a question, in place of an older one to the very same; a check comes of it too."""
        if found.near is not None:
            self._check(*found.near, reply, now_s)
        asked, vector = found.asked, found.vector
        if self._embedder is not None and vector is None:
            vector = self._embedder.embed([asked.text])[0]
        directory = self._directory.get()
        older = directory.same(asked.key, asked.normal, now_s=now_s)
        entry = Entry(
            id=uuid4().hex if older is None else older.id,
            key=asked.key,
            text=asked.text,
            normal=asked.normal,
            revision=revision,
            tags=tags,
            until_s=now_s + self.settings.ttl_s,
            vector=None if vector is None else vector.astype(np.float16),
        )
        # The answer first: whoever finds the entry finds its answer.
        self._state.put(self._answer(entry.id), encoded_reply(reply), now_s=now_s, until_s=entry.until_s)
        position = self._state.log.append(self.name, entry.id, encoded(entry), now_s=now_s, until_s=entry.until_s)
        directory.put(entry, position)
        surplus = directory.surplus(self.settings.max_entries, now_s)
        if surplus:
            self.remove(surplus, now_s=now_s)

    def entries(self, *, now_s: float) -> Iterator[Entry]:
        """What is kept, the least used first."""
        directory = self._directory.get()
        directory.follow(now_s)
        return iter(directory.entries(now_s))

    def remove(self, ids: tuple[str, ...], *, now_s: float) -> int:
        """Removes entries and their answers; gives how many there were."""
        removed = self._state.log.remove(self.name, ids, now_s=now_s)
        for id in ids:
            self._state.delete(self._answer(id))
        self._directory.get().drop(ids)
        return removed

    def realised(self, *, now_s: float) -> Realised:
        """What checks say, and the threshold used now."""
        return self._checks.get().realised(self.settings.threshold, self.settings.max_wrong_hit_rate, now_s=now_s)

    def checks(self, *, now_s: float) -> tuple[Check, ...]:
        """The checks that were made."""
        return self._checks.get().all(now_s)

    def _nearest(self, asked: Asked, vector: NDArray[np.float32], directory: Directory, now_s: float) -> Found:
        """The nearest entry without a veto; what there is to say of the very nearest if all have one."""
        if len(asked.text) > MAX_CHARS:
            return Found(asked=asked, vector=vector)
        spoken: Found | None = None
        threshold = self._threshold(now_s)
        for id, similarity in directory.nearest(asked.key, vector, enough=threshold):
            text = directory.text(id, now_s=now_s)
            if text is None:
                continue
            objection = self._objection(asked.text, text) if similarity >= LEARN_FROM else None
            if objection is None:
                near = (id, similarity)
                if spoken is None:
                    found = Found(asked=asked, similarity=similarity, vector=vector, near=near)
                else:
                    found = replace(spoken, near=near)
                return self._decided(near, found, directory, now_s, threshold)
            spoken = spoken or Found(
                asked=asked, similarity=similarity, vector=vector, veto=objection, reason=f"vetoed: {objection.guard}"
            )
        return spoken or Found(asked=asked, vector=vector)

    def hurry(self) -> None:
        """Has the next look find what other processes have kept by then."""
        self._directory.get().hurry()

    def _objection(self, asked: str, kept: str) -> Veto | None:
        guards = self.settings.guards
        return veto(asked, kept, guards, read=self._read) if guards else None

    def _threshold(self, now_s: float) -> float:
        settings = self.settings
        return self._checks.get().threshold(settings.threshold, settings.max_wrong_hit_rate, now_s=now_s)

    def _decided(
        self, near: tuple[str, float], found: Found, directory: Directory, now_s: float, threshold: float
    ) -> Found:
        """A hit where what is near reaches the threshold, unless this one is to be checked."""
        settings = self.settings
        if self._misfit:
            return replace(found, reason=self._misfit)
        if near[1] < threshold:
            reason = settings.reason or ("checks speak against every threshold" if threshold >= NEVER else "")
            return replace(found, reason=found.reason or reason)
        if settings.check and self._chance() < settings.check:
            return replace(found, reason="checked")
        return self._hit(near, found, directory, now_s)

    def _hit(self, near: tuple[str, float], found: Found, directory: Directory, now_s: float) -> Found:
        id, similarity = near
        reply = decoded_reply(self._state.get(self._answer(id), now_s=now_s))
        if reply is None:
            return replace(found, reason="its answer is gone")
        directory.used(id)
        return Found(asked=found.asked, similarity=similarity, reply=reply, vector=found.vector)

    def _check(self, id: str, similarity: float, reply: Reply, now_s: float) -> None:
        """Compares the nearest entry's answer with a fresh one."""
        kept = decoded_reply(self._state.get(self._answer(id), now_s=now_s))
        if kept is None or similarity < LEARN_FROM:
            return
        is_right = self._is_alike(kept.text, reply.text)
        self._checks.get().record(Check(similarity=similarity, is_right=is_right), now_s=now_s)

    def _is_alike(self, kept: str, fresh: str) -> bool:
        if normal(kept) == normal(fresh):
            return True
        if self._embedder is None or numbers_differ(Pair(read(kept[:MAX_CHARS]), read(fresh[:MAX_CHARS]))):
            return False
        first, second = self._embedder.embed([kept, fresh])
        return float(first @ second) >= ALIKE

    def _answer(self, id: str) -> str:
        return f"{self._prefix}answer/{id}"


def _misfit(settings: CacheSettings, identity: str) -> str:
    """Why a calibrated threshold cannot be used here; empty if it can."""
    if settings.identity is None or settings.identity == identity:
        return ""
    return f"its calibration is for `{settings.identity}`, and this is `{identity}`; calibrate again"
