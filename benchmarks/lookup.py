"""
One lookup in a semantic cache of 1,000, 10,000 and 100,000 entries, beside GPTCache.

    python benchmarks/lookup.py ../shared/data --embedder minilm

FOLDER holds `banking77/train.jsonl` and `clinc150/train.jsonl`. Entries are their texts, and from as many on as there
are, the same texts with other words around them and a vector a little aside. A question is an entry's text with a word
more, and a vector near the entry's; its true hit is the entry that an exact comparison of all vectors says is nearest.

Both caches have the same vectors, keep questions and answers in SQLite and give the answer, so a lookup ends with the
answer's text in hand: this one with its guards and usearch, GPTCache with its usual stores, SQLite and faiss, and room
for all entries. With the embedding, each question is embedded by the embedder too. A restart is a new process, from its
start to the answer to one question, libraries and all.

What it needs besides the package is in requirements.txt. Prints a table and asserts nothing.
"""

from __future__ import annotations

import argparse
import atexit
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SETS = ("banking77/train.jsonl", "clinc150/train.jsonl")
OPENINGS = ("", "please ", "hi, ", "hello there, ", "so ", "okay, ", "quick question: ", "hey ")
ENDINGS = ("", " please", " thanks", " today", " right now", " for me", " in the app", " soon")
ANSWER = "Open the app, choose the account and follow what it says there. " * 8
EXAMPLE = "example.json"
THRESHOLD = 0.8
ENTRY_NOISE = 0.35
QUESTION_NOISE = 0.25

Lookup = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Given:
    """Entries and questions: texts, vectors of length 1, and which entry each question is nearest to."""

    texts: Sequence[str]
    vectors: Any
    questions: Sequence[str]
    question_vectors: Any
    nearest: Sequence[int]

    @property
    def known(self) -> Mapping[str, Any]:
        """Vectors by text."""
        return dict(zip((*self.texts, *self.questions), (*self.vectors, *self.question_vectors), strict=True))


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of a lookup in µs, processor time of one, the share of true hits found, and a restart in seconds."""

    wall_us: float
    cpu_us: float
    found: float
    embedding_us: float
    restart_s: float
    restart_cpu_s: float


def main() -> None:
    """Measures both caches at every size."""
    parser = argparse.ArgumentParser(description="One lookup in a semantic cache, beside GPTCache.")
    parser.add_argument("folder", type=Path, help="where the sets are")
    parser.add_argument("--embedder", default="hashed", help="the name of an embedder (default: hashed)")
    parser.add_argument("--entries", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--peer-questions", type=int, default=300, help="how many GPTCache is asked")
    parser.add_argument("--vectors", type=Path, help="a .npy file that keeps the sets' vectors, to embed them once")
    parser.add_argument("--caches", nargs="*", choices=CACHES, default=list(CACHES))
    parser.add_argument("--restart", choices=CACHES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.restart is not None:
        question, vector = (
            example_in(given.folder)["question"],
            np.array(example_in(given.folder)["vector"], np.float32),
        )
        with CACHES[given.restart][1](given.folder, lambda _: vector) as lookup:
            print(lookup(question) is not None)
        return
    texts, vectors = embedded(given.folder, given.embedder, given.vectors)
    print(
        f"| entries, {given.embedder} | | without embedding | processor | with embedding | true hits | restart | CPU |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for count in given.entries:
        made = entries(texts, vectors, count, given.questions)
        for name in given.caches:
            asked = given.questions if name == "policy_engine" else given.peer_questions
            print(row(count, name, measured(name, made, given.embedder, new_folder(), asked)), flush=True)


def new_folder() -> Path:
    """A folder that is removed at the very end: GPTCache writes its files once more when the process ends."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    return Path(folder)


def embedded(folder: Path, embedder: str, kept: Path | None) -> tuple[list[str], Any]:
    """The texts of the sets, and their vectors."""
    from policy_engine.signals.embedders.named import Embedders

    lines = [line for file in SETS for line in (folder / file).read_text(encoding="utf-8").splitlines()]
    texts = [json.loads(line)["text"] for line in lines]
    if kept is not None and kept.is_file():
        return texts, np.load(kept)
    vectors = Embedders().get(embedder).embed(texts)
    if kept is not None:
        np.save(kept, vectors)
    return texts, vectors


def entries(texts: Sequence[str], vectors: Any, count: int, questions: int) -> Given:
    """So many entries, and questions near some of them."""
    chance, noise = random.Random(0), np.random.default_rng(0)
    order = chance.sample(range(len(texts)), len(texts))
    written: dict[str, Any] = {}
    for number in range(2 * count):
        text, vector = texts[order[number % len(order)]], vectors[order[number % len(order)]]
        if number >= len(order):
            text = f"{chance.choice(OPENINGS)}{text.rstrip('?. ')}{chance.choice(ENDINGS)}, {chance.randrange(10**6)}"
            vector = aside(vector, ENTRY_NOISE, noise)
        written.setdefault(text, vector)
        if len(written) == count:
            break
    rows = np.stack(list(written.values()))
    near = chance.sample(range(count), min(count, questions))
    asked = np.stack([aside(rows[at], QUESTION_NOISE, noise) for at in near])
    names = list(written)
    return Given(names, rows, [one_word_more(names[at]) for at in near], asked, exactly(asked, rows))


def aside(vector: Any, share: float, noise: np.random.Generator) -> Any:
    """A vector of length 1 near another one."""
    moved = vector + noise.normal(size=len(vector)).astype(np.float32) * (share / len(vector) ** 0.5)
    return moved / np.linalg.norm(moved)


def example_in(folder: Path) -> Any:
    """A question to a cache in a folder, its vector, and how many entries there are."""
    return json.loads((folder / EXAMPLE).read_text(encoding="utf-8"))


def one_word_more(text: str) -> str:
    """The same question, said a little otherwise."""
    first, _, rest = text.partition(" ")
    return f"{first} kindly {rest}"


def exactly(asked: Any, rows: Any) -> list[int]:
    """The nearest row of each vector, all of them compared."""
    return [int(at) for vector in asked for at in (np.argmax(rows @ vector),)]


def measured(name: str, made: Given, embedder: str, folder: Path, asked: int) -> Measured:
    """Fills one cache, asks it, and starts it anew."""
    fill, lookup_of = CACHES[name]
    example = {
        "entries": len(made.texts),
        "question": made.questions[0],
        "vector": made.question_vectors[0].tolist(),
    }
    (folder / EXAMPLE).write_text(json.dumps(example), encoding="utf-8")
    known = made.known
    fill(folder, made, known.__getitem__)
    with lookup_of(folder, known.__getitem__) as lookup:
        timed(lookup, made.questions[-asked // 10 :])
        times_us, cpu_s, answers = timed(lookup, made.questions[:asked])
    with lookup_of(folder, embed_by(embedder)) as lookup:
        with_us, _, _ = timed(lookup, made.questions[: 1 + asked // 5])
    restarts = sorted(restart(name, folder) for _ in range(3))
    right = [f"{ANSWER}{at}" for at in made.nearest[:asked]]
    return Measured(
        wall_us=float(np.median(times_us)),
        cpu_us=cpu_s / len(answers) * 1e6,
        found=sum(map(str.__eq__, right, map(str, answers))) / len(answers),
        embedding_us=float(np.median(with_us)),
        restart_s=restarts[1][0],
        restart_cpu_s=restarts[1][1],
    )


def timed(lookup: Lookup, questions: Sequence[str]) -> tuple[list[float], float, list[str | None]]:
    """How long each lookup took, in µs, the processor time of all together, in seconds, and what was answered."""
    times_us, answers = [], []
    cpu_s = time.process_time()
    for question in questions:
        began_s = time.perf_counter()
        answers.append(lookup(question))
        times_us.append((time.perf_counter() - began_s) * 1e6)
    return times_us, time.process_time() - cpu_s, answers


def embed_by(name: str) -> Callable[[str], Any]:
    """What embeds one text."""
    from policy_engine.signals.embedders.named import Embedders

    embedder = Embedders().get(name)
    return lambda text: embedder.embed([text])[0]


def restart(name: str, folder: Path) -> tuple[float, float]:
    """Wall and processor time, in seconds, of a new process that opens a cache and answers one question."""
    began_s, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, __file__, str(folder), "--restart", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall_s, after = time.perf_counter() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.stdout.strip() != "True":
        raise SystemExit(f"{name} did not answer after a restart: {done.stdout}{done.stderr}")
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Embedder:
    """The embedder of the cache, out of a function."""

    blocking = False
    identity = "given/1"

    def __init__(self, embed: Callable[[str], Any]) -> None:
        self._embed = embed

    def embed(self, texts: Sequence[str]) -> Sequence[Any]:
        """One row for each text."""
        return [self._embed(text) for text in texts]


def fill_ours(folder: Path, made: Given, embed: Callable[[str], Any]) -> None:
    """Keeps every entry, and waits until the index has it."""
    from policy_engine.model.call import Reply

    cache, directories = ours(folder, embed)
    from policy_engine.signals.caches.cache import Found
    from policy_engine.signals.caches.directory import FOLLOW_EVERY_S

    for number, text in enumerate(made.texts):
        if number % 1_000 == 0:
            cache.find(asked_of(text), now_s=time.time())
        message = {"role": "assistant", "content": f"{ANSWER}{number}"}
        reply = Reply(message=message, finish_reason="stop", usage=None, elapsed_s=0)
        cache.keep(Found(asked=asked_of(text)), reply, revision="", tags=(), now_s=time.time())
    directory = directories.of("c", Embedder.identity, ttl_s=cache.settings.ttl_s).get()
    time.sleep(FOLLOW_EVERY_S)
    cache.find(asked_of(made.texts[0]), now_s=time.time())
    while not directory.is_settled:
        time.sleep(0.1)
    directories.close()


@contextmanager
def lookup_ours(folder: Path, embed: Callable[[str], Any]) -> Iterator[Lookup]:
    """What finds answers in this cache."""
    from policy_engine.signals.caches.asked import Asked, normal

    cache, directories = ours(folder, embed)

    def lookup(text: str) -> str | None:
        asked = Asked(key="k", text=text, normal=normal(text))
        reply = cache.find(asked, now_s=time.time()).reply
        return None if reply is None else reply.text

    yield lookup
    directories.close()


def ours(folder: Path, embed: Callable[[str], Any]) -> tuple[Any, Any]:
    """This cache with all its guards, and what it has in memory."""
    from policy_engine.diagnostics import Address
    from policy_engine.model.policy import Setting
    from policy_engine.signals.caches.cache import KeptCache
    from policy_engine.signals.caches.directories import Directories
    from policy_engine.signals.caches.settings import read_settings
    from policy_engine.state.sqlite import SqliteState

    written = {"kind": "semantic", "embedder": "any", "threshold": THRESHOLD, "max_entries": "1M"}
    settings = read_settings(Setting(name="c", value=written, address=Address("p.yaml")), {})
    state = SqliteState(folder / "state.db")
    directories = Directories(state, emit=lambda event: print(event, file=sys.stderr))
    return KeptCache(settings, state, Embedder(embed), directories=directories), directories


def asked_of(text: str) -> Any:
    """A question as the cache takes it."""
    from policy_engine.signals.caches.asked import Asked, normal

    return Asked(key="k", text=text, normal=normal(text))


def fill_gptcache(folder: Path, made: Given, embed: Callable[[str], Any]) -> None:
    """Keeps every entry, many at a time."""
    manager, _ = gptcache(folder, embed)
    for begin in range(0, len(made.texts), 1_000):
        texts = list(made.texts[begin : begin + 1_000])
        answers = [f"{ANSWER}{number}" for number in range(begin, begin + len(texts))]
        manager.import_data(texts, answers, list(made.vectors[begin : begin + 1_000]), [None] * len(texts))
    manager.close()


@contextmanager
def lookup_gptcache(folder: Path, embed: Callable[[str], Any]) -> Iterator[Lookup]:
    """What finds answers in GPTCache."""
    from gptcache.adapter.api import get

    manager, cache = gptcache(folder, embed)
    yield lambda text: get(text, cache_obj=cache)
    manager.close()


def gptcache(folder: Path, embed: Callable[[str], Any]) -> tuple[Any, Any]:
    """GPTCache's stores and the cache over them, as its own examples make them, with room for all entries."""
    from gptcache import Cache, Config
    from gptcache.manager import CacheBase, VectorBase, get_data_manager
    from gptcache.processor.pre import get_prompt
    from gptcache.similarity_evaluation.distance import SearchDistanceEvaluation

    example = example_in(folder)
    manager = get_data_manager(
        CacheBase("sqlite", sql_url=f"sqlite:///{folder}/gptcache.db"),
        VectorBase("faiss", dimension=len(example["vector"]), index_path=f"{folder}/faiss.index"),
        max_size=2 * example["entries"],
    )
    cache = Cache()
    cache.init(
        pre_embedding_func=get_prompt,
        embedding_func=lambda text, **_: embed(text),
        data_manager=manager,
        similarity_evaluation=SearchDistanceEvaluation(),
        config=Config(similarity_threshold=THRESHOLD),
    )
    return manager, cache


CACHES: Mapping[str, tuple[Any, Any]] = {
    "policy_engine": (fill_ours, lookup_ours),
    "GPTCache": (fill_gptcache, lookup_gptcache),
}


def row(count: int, name: str, measured: Measured) -> str:
    """One line of the table."""
    lookups = f"{measured.wall_us:,.0f} µs | {measured.cpu_us:,.0f} µs | {measured.embedding_us:,.0f} µs"
    restarts = f"{measured.restart_s:.2f} s | {measured.restart_cpu_s:.2f} s"
    return f"| {count:,} | {name} | {lookups} | {measured.found:.1%} | {restarts} |"


if __name__ == "__main__":
    main()
