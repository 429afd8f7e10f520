"""Tests of one cache over a state: how long entries live, how many, and what is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from policy_engine.diagnostics import Address
from policy_engine.model.call import Reply
from policy_engine.model.policy import Setting
from policy_engine.signals.caches.asked import Asked, normal
from policy_engine.signals.caches.cache import KeptCache
from policy_engine.signals.caches.checks import Realised
from policy_engine.signals.caches.settings import CacheSettings, read_settings
from policy_engine.signals.embedders.hashed import HashedEmbedder
from policy_engine.state.memory import MemoryState


def settings(**written: Any) -> CacheSettings:
    """The settings of a semantic cache."""
    value: Mapping[str, Any] = {"kind": "semantic", "embedder": "hashed", "threshold": 0.8, **written}
    return read_settings(Setting(name="c", value=value, address=Address("p.yaml")), {})


def cache(state: MemoryState, given: CacheSettings, chance: float = 1.0) -> KeptCache:
    """A cache; `chance` is what decides about checks."""
    return KeptCache(given, state, HashedEmbedder(), chance=lambda: chance)


def asked(text: str, key: str = "k") -> Asked:
    """A question."""
    return Asked(key=key, text=text, normal=normal(text))


def answer(text: str) -> Reply:
    """A whole answer."""
    return Reply(message={"role": "assistant", "content": text}, finish_reason="stop", usage=None, elapsed_s=0)


def keep(kept: KeptCache, text: str, reply: str, *, now_s: float = 0, tags: tuple[str, ...] = ()) -> None:
    """Looks for a text and keeps an answer to it."""
    found = kept.find(asked(text), now_s=now_s)
    kept.keep(found, answer(reply), revision="sha256:1", tags=tags, now_s=now_s)


def text_of(kept: KeptCache, text: str, *, now_s: float = 0) -> str | None:
    """What a cache answers."""
    reply = kept.find(asked(text), now_s=now_s).reply
    return None if reply is None else reply.text


def test_entries_end_with_their_time() -> None:
    """An entry answers until its ttl is over, and not from then on."""
    kept = cache(MemoryState(), settings(ttl="10s"))
    keep(kept, "where is my order", "there")

    assert (text_of(kept, "where is my order?", now_s=9.9), text_of(kept, "where is my order?", now_s=10)) == (
        "there",
        None,
    )


def test_the_least_used_go_first() -> None:
    """Beyond the bound the entries that were of use longest ago are removed, their answers too."""
    state = MemoryState()
    kept = cache(state, settings(max_entries=3, threshold=0.99))
    questions = ("alpha question", "beta thing", "gamma matter")
    for question in questions:
        keep(kept, question, f"about {question}")
    text_of(kept, "alpha question")
    keep(kept, "delta topic", "about delta")

    assert [text_of(kept, question) for question in (*questions, "delta topic")] == [
        "about alpha question",
        None,
        "about gamma matter",
        "about delta",
    ]
    assert len(state.log.since("cache/c/hashed/1", 0, now_s=0)) == 4  # three entries, and word of one removal


def test_the_same_question_is_kept_once() -> None:
    """A newer answer to the very same question takes the place of the older one."""
    kept = cache(MemoryState(), settings())
    keep(kept, "where is my order", "first")
    keep(kept, "where is my order", "second")

    assert [entry.text for entry in kept.entries(now_s=0)] == ["where is my order"]
    assert text_of(kept, "where is my order") == "second"


def test_a_veto_is_told_and_the_next_nearest_may_answer() -> None:
    """Where the nearest entry differs in a number, another that does not differ answers; alone, the veto is told."""
    kept = cache(MemoryState(), settings())
    keep(kept, "what is the fee for 15 transfers", "fifteen")
    vetoed = kept.find(asked("what is the fee for 16 transfers"), now_s=0)
    keep(kept, "what is the fee for 16 transfers", "sixteen")

    assert (vetoed.is_hit, vetoed.reason, vetoed.similarity > 0.8) == (False, "vetoed: numbers", True)
    assert text_of(kept, "what's the fee for 16 transfers") == "sixteen"


def test_long_texts_are_hits_for_themselves_alone() -> None:
    """What neither embedder nor guards see whole is answered only where it is equal."""
    kept = cache(MemoryState(), settings())
    long = "order " * 500
    keep(kept, long, "long")

    assert (text_of(kept, long), text_of(kept, f"{long} not")) == ("long", None)


def test_a_share_of_hits_is_checked() -> None:
    """A hit that is drawn is a miss, and the fresh answer tells whether the entry was right."""
    state = MemoryState()
    given = replace(settings(), check=0.05, max_wrong_hit_rate=0.5)
    for question, reply, chance in (
        ("where is it", "here", 1.0),
        ("where is it", "here", 0.01),
        ("where is it", "no", 0),
    ):
        keep(cache(state, given, chance), question, reply)

    assert text_of(cache(state, given, 0.05), "where is it") == "no"
    assert cache(state, given).realised(now_s=0) == Realised(checked=2, wrong=1, threshold=0.8)


def test_misses_teach_too() -> None:
    """A fresh answer to a question with a near entry says whether that entry would have been right."""
    state = MemoryState()
    kept = cache(state, replace(settings(), threshold=0.97))
    keep(kept, "where is my order", "on its way")
    keep(kept, "where is my order now", "Nobody knows")

    assert [check.is_right for check in kept.checks(now_s=0)] == [False]
    assert 0.8 < kept.checks(now_s=0)[0].similarity < 0.97


def test_an_uncalibrated_cache_serves_misses_and_says_why() -> None:
    """With an error rate and no calibration nothing is a hit, not even the very same text."""
    kept = cache(MemoryState(), settings(max_wrong_hit_rate=0.05))
    keep(kept, "where is it", "here")
    found = kept.find(asked("where is it"), now_s=0)

    assert (found.is_hit, found.similarity) == (False, 1.0)
    assert "policy-engine calibrate" in found.reason


def test_what_is_no_entry_is_passed_over() -> None:
    """Records and answers that are cut off, hostile or of another shape are no entries, and nothing of them is run."""
    state = MemoryState()
    kept = cache(state, settings())
    keep(kept, "where is it", "here")
    for number, value in enumerate((b"", b"\x80\x04\x95", b"\xff" * 9, b"\x02\x00\x00\x00{}", b"\x04\x00\x00\x00null")):
        state.log.append(kept.name, f"bad{number}", value, now_s=0, until_s=10)

    other = cache(state, settings())
    assert [entry.text for entry in other.entries(now_s=0)] == ["where is it"]
    state.put(f"cache/c/answer/{next(other.entries(now_s=0)).id}", b"\x80\x04", now_s=0, until_s=10)
    assert other.find(asked("where is it"), now_s=0).reason == "its answer is gone"
