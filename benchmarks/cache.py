"""
A semantic cache on support traffic: how much it answers and how much of that is wrong, beside GPTCache.

    python benchmarks/cache.py ../shared/data --embedder minilm

FOLDER holds `banking77/train.jsonl` and `clinc150/train.jsonl`: a question and its intent a line. Questions of one
intent want one answer. In each replay the texts are shuffled anew; a threshold is calibrated on the first ones for
each stated rate, and the others are asked one after the other: a hit is answered by the cache, a miss by the intent,
which is kept. GPTCache has the same vectors and its own default threshold. Live checks are off: they would take one
hit in twenty. With `gptcache_qqp/mock_pairs.jsonl` in FOLDER it also counts the paraphrases that guards lose.

What it needs besides the package is in requirements.txt; the embedder is added by `policy-engine embedder add`. Prints
tables and asserts nothing.
"""

from __future__ import annotations

import argparse
import atexit
import json
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from policy_engine.diagnostics import Address
from policy_engine.model.calibration import Calibration
from policy_engine.model.call import Reply
from policy_engine.model.policy import Setting
from policy_engine.signals.caches.asked import Asked, normal
from policy_engine.signals.caches.cache import KeptCache
from policy_engine.signals.caches.calibrating import calibrated
from policy_engine.signals.caches.labels import Labels
from policy_engine.signals.caches.settings import CacheSettings, read_settings
from policy_engine.signals.embedders.named import Embedders
from policy_engine.signals.guards.guard import veto
from policy_engine.state.memory import MemoryState

SETS = {"banking77": "banking77/train.jsonl", "clinc150": "clinc150/train.jsonl"}
SIMILARITIES = (0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares of a replay: answered by the cache, and wrong among those."""

    hits: float
    wrong: float
    took_s: float = 0.0


class Embedded:
    """An embedder that has seen every text before, so that replays measure the cache alone."""

    blocking = False

    def __init__(self, name: str, texts: Sequence[str]) -> None:
        embedder = Embedders().get(name)
        self.identity = embedder.identity
        began_s = time.perf_counter()
        self._rows = dict(zip(texts, embedder.embed(texts), strict=True))
        self.took_us = (time.perf_counter() - began_s) / len(texts) * 1e6

    def embed(self, texts: Sequence[str]) -> Any:
        """One row for each text."""
        return np.stack([self._rows[text] for text in texts])


def main() -> None:
    """Measures every set that is there."""
    parser = argparse.ArgumentParser(description="A semantic cache on support traffic, beside GPTCache.")
    parser.add_argument("folder", type=Path, help="where the sets are")
    parser.add_argument("--embedder", default="hashed", help="the name of an embedder (default: hashed)")
    parser.add_argument("--replays", type=int, default=10)
    parser.add_argument("--calibrate-on", type=int, default=4_000, help="labelled texts, which are not replayed")
    parser.add_argument("--rates", type=float, nargs="*", default=[0.05, 0.02, 0.01])
    parser.add_argument("--gptcache-texts", type=int, default=1_500, help="how many texts GPTCache replays")
    given = parser.parse_args()
    for name, file in SETS.items():
        if (given.folder / file).is_file():
            measure_set(name, lines_of(given.folder / file), given)
    if (given.folder / "gptcache_qqp" / "mock_pairs.jsonl").is_file():
        measure_guards(lines_of(given.folder / "gptcache_qqp" / "mock_pairs.jsonl"), given.embedder)


def lines_of(path: Path) -> list[Mapping[str, Any]]:
    """The objects of a file of JSON Lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def measure_set(name: str, lines: Sequence[Mapping[str, Any]], given: argparse.Namespace) -> None:
    """Prints the replays of one set."""
    answers = {line["text"]: str(line.get("label", line.get("intent"))) for line in lines}
    embedder = Embedded(given.embedder, tuple(answers))
    print(f"\n{name}: {len(answers):,} texts, {embedder.identity}, embedding {embedder.took_us:,.0f} µs a text")
    for rate in given.rates:
        measure_rate(rate, answers, embedder, given)
    texts = shuffled(tuple(answers), 0)[: given.gptcache_texts]
    print(f"  with one threshold, {len(texts):,} texts:   hits   wrong per hit   ms a text")
    rows = {"GPTCache, its default .80": gptcache(texts, answers, embedder)}
    rows |= {
        f"this cache at {threshold:g}{with_guards}": replay(texts, answers, embedder, settings_at(threshold, guards))
        for threshold in SIMILARITIES
        for guards, with_guards in (("none", ", no guards"), ("all", ""))
    }
    for label, measured in rows.items():
        print(f"    {label:32} {shown(measured)}", flush=True)


def measure_rate(rate: float, answers: Mapping[str, str], embedder: Embedded, given: argparse.Namespace) -> None:
    """Prints what became of a stated rate in all replays."""
    kept, replays = 0, []
    for seed in range(given.replays):
        texts = shuffled(tuple(answers), seed)
        known, fresh = texts[: given.calibrate_on], texts[given.calibrate_on :]
        found = calibration(rate, known, answers, embedder)
        if not isinstance(found, Calibration):
            print(f"  at most {rate:.0%}, replay {seed}: refused: {found.reason}", flush=True)
            continue
        measured = replay(fresh, answers, embedder, settings_at(found.threshold, "all"))
        kept += measured.wrong <= rate
        replays.append(measured)
        print(f"  at most {rate:.0%}, replay {seed}: threshold {found.threshold:.3f}: {shown(measured)}", flush=True)
    if replays:
        hits = sum(measured.hits for measured in replays) / len(replays)
        print(f"  at most {rate:.0%}: kept in {kept} of {len(replays)} replays, {hits:.1%} hits on average", flush=True)


def calibration(rate: float, texts: Sequence[str], answers: Mapping[str, str], embedder: Embedded) -> Any:
    """What `policy-engine calibrate` would find for these texts, or its refusal."""
    labels = Labels(texts=tuple(texts), labels=tuple(answers[text] for text in texts))
    settings = settings_at(0.95, "all")
    return calibrated(settings, embedder, labels, max_wrong_hit_rate=rate, today=date(2026, 11, 24))


def settings_at(threshold: float, guards: str) -> CacheSettings:
    """The settings of a semantic cache with a threshold."""
    written = {"kind": "semantic", "embedder": "any", "guards": guards, "max_entries": "1M"}
    return replace(read_settings(Setting(name="c", value=written, address=Address("p.yaml")), {}), threshold=threshold)


def replay(texts: Sequence[str], answers: Mapping[str, str], embedder: Embedded, settings: CacheSettings) -> Measured:
    """The texts asked one after the other; misses are answered rightly and kept."""
    cache = KeptCache(settings, MemoryState(), embedder)
    hits = wrong = 0
    began_s = time.perf_counter()
    for text in texts:
        found = cache.find(Asked(key="k", text=text, normal=normal(text)), now_s=0)
        if found.reply is not None:
            hits += 1
            wrong += found.reply.text != answers[text]
            continue
        message = {"role": "assistant", "content": answers[text]}
        reply = Reply(message=message, finish_reason="stop", usage=None, elapsed_s=0)
        cache.keep(replace(found, near=None), reply, revision="", tags=(), now_s=0)
    return Measured(hits / len(texts), wrong / max(1, hits), (time.perf_counter() - began_s) / len(texts))


def gptcache(texts: Sequence[str], answers: Mapping[str, str], embedder: Embedded) -> Measured | None:
    """The same in GPTCache with its own stores, SQLite and faiss; None where it is not installed."""
    try:
        from gptcache import Cache, Config
        from gptcache.adapter.api import get, put
        from gptcache.manager import CacheBase, VectorBase, get_data_manager
        from gptcache.processor.pre import get_prompt
        from gptcache.similarity_evaluation.distance import SearchDistanceEvaluation
    except ImportError:
        return None
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)  # it writes its files once more when the process ends
    dimensions = embedder.embed(texts[:1]).shape[1]
    manager = get_data_manager(
        CacheBase("sqlite", sql_url=f"sqlite:///{folder}/gptcache.db"),
        VectorBase("faiss", dimension=dimensions, index_path=f"{folder}/faiss.index"),
    )
    cache = Cache()
    cache.init(
        pre_embedding_func=get_prompt,
        embedding_func=lambda text, **_: embedder.embed([text])[0],
        data_manager=manager,
        similarity_evaluation=SearchDistanceEvaluation(),
        config=Config(similarity_threshold=0.8),
    )
    hits = wrong = 0
    began_s = time.perf_counter()
    for text in texts:
        answer = get(text, cache_obj=cache)
        if answer is None:
            put(text, answers[text], cache_obj=cache)
        else:
            hits += 1
            wrong += answer != answers[text]
    took_s = (time.perf_counter() - began_s) / len(texts)
    return Measured(hits / len(texts), wrong / max(1, hits), took_s)


def measure_guards(pairs: Sequence[Mapping[str, Any]], embedder: str) -> None:
    """Prints how many paraphrases that reach a similarity the guards take away."""
    first, second = (Embedders().get(embedder).embed([pair[side] for pair in pairs]) for side in ("a", "b"))
    similarities = np.einsum("ij,ij->i", first, second)
    lost = np.array([veto(pair["a"], pair["b"]) is not None for pair in pairs])
    print(f"\n{len(pairs)} paraphrases: hits, and those of them that guards lose")
    for threshold in SIMILARITIES:
        reached = similarities >= threshold
        share = lost[reached].mean() if reached.any() else 0.0
        print(f"    at {threshold:g}: {reached.sum():4d} hits, {share:.1%} lost")


def shuffled(texts: Sequence[str], seed: int) -> list[str]:
    """The texts in an order that the seed decides."""
    order = list(texts)
    random.Random(seed).shuffle(order)
    return order


def shown(measured: Measured | None) -> str:
    """One row's figures."""
    if measured is None:
        return "is not installed"
    return f"{measured.hits:6.1%} {measured.wrong:10.2%} {measured.took_s * 1000:16.2f}"


if __name__ == "__main__":
    main()
