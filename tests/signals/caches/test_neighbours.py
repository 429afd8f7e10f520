"""Tests of nearest neighbours, one by one and by an index."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.signals.caches.neighbours import Kept, Neighbours


def directions(count: int, seed: int = 0) -> np.ndarray:
    """Vectors of length 1."""
    rows = np.random.default_rng(seed).normal(size=(count, 32)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def tidied(neighbours: Neighbours) -> Neighbours:
    """The same when nothing is left to be tended."""
    while not neighbours.is_tidy:
        neighbours.tend()
    return neighbours


@pytest.mark.parametrize(("exact_up_to", "least"), [(10_000, 45), (50, 38)])
def test_the_nearest_come_first(exact_up_to: int, least: int) -> None:
    """A vector finds itself, then what is next to it: all of it where they are compared, most of it by an index."""
    rows = directions(600)
    neighbours = Neighbours(32, exact_up_to=exact_up_to)
    slots = [neighbours.add(row) for row in rows]
    tidied(neighbours)

    right = 0
    for number in range(0, 600, 40):
        found = [slot for slot, _ in neighbours.nearest(rows[number], 3)]
        assert found[0] == slots[number]
        right += len({slots[place] for place in np.argsort(-(rows @ rows[number]))[:3]} & set(found))

    assert right >= least


@pytest.mark.parametrize("enough", [2.0, 0.8])
def test_an_index_finds_what_comparing_finds(enough: float) -> None:
    """Of true neighbours at least 99 in 100 are found by the index, also by a quick look."""
    rows = directions(3_000)
    near = rows + 0.1 * directions(3_000, seed=1)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    neighbours = Neighbours(32, exact_up_to=100)
    slots = [neighbours.add(row) for row in rows]
    tidied(neighbours)

    found = sum(neighbours.nearest(near[number], 1, enough=enough)[0][0] == slots[number] for number in range(3_000))

    assert found >= 2_970


def test_a_quick_look_that_finds_too_little_is_followed_by_a_thorough_one() -> None:
    """Where nothing that is similar enough is found, what is found is what a thorough look finds."""
    rows = directions(3_000)
    neighbours = Neighbours(32, exact_up_to=100)
    for row in rows:
        neighbours.add(row)
    tidied(neighbours)
    asked = directions(300, seed=2)

    thorough = [neighbours.nearest(vector, 3) for vector in asked]
    quick = [neighbours.nearest(vector, 3, enough=0.1) for vector in asked]

    assert max(near[0][1] for near in thorough) < 0.95
    assert [neighbours.nearest(vector, 3, enough=0.95) for vector in asked] == thorough
    assert quick != thorough


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("+-.k"), st.integers(0, 30)), max_size=60), st.sampled_from([5, 10_000]))
def test_what_was_removed_is_never_found(steps: list[tuple[str, int]], exact_up_to: int) -> None:
    """After any additions, removals, tending and restarts what is there is found by itself, and nothing else is."""
    rows = directions(31)
    neighbours = Neighbours(32, exact_up_to=exact_up_to)
    slots: dict[int, int] = {}
    for step, number in steps:
        if step == "+" and number not in slots:
            slots[number] = neighbours.add(rows[number])
        elif step == "-" and number in slots:
            neighbours.remove(slots.pop(number))
        elif step == ".":
            neighbours.tend(number)
        elif step == "k":
            neighbours = restarted(neighbours, exact_up_to)

    assert len(neighbours) == len(slots)
    for number, slot in slots.items():
        assert neighbours.nearest(rows[number], 1)[0][0] == slot
    for number in set(range(31)) - set(slots):
        assert all(similarity < 0.99 for _, similarity in neighbours.nearest(rows[number], 3))


def restarted(neighbours: Neighbours, exact_up_to: int) -> Neighbours:
    """The same out of what is kept of it."""
    kept = neighbours.kept()
    index = None if kept.index is None else bytes(kept.index.save())
    return Neighbours.of(replace(kept, rows=kept.rows.astype(np.float16), index=index), exact_up_to=exact_up_to)


@pytest.mark.parametrize("index", [b"", b"\x80\x04\x95 hostile", bytes(4_000)])
def test_an_index_that_does_not_fit_is_refused(index: bytes) -> None:
    """What usearch cannot read, or what has other vectors than there are, is told."""
    kept = Kept(rows=directions(40).astype(np.float16), free=(), fresh=(), doomed=(), index=index)

    with pytest.raises(ValueError, match="index"):
        Neighbours.of(kept)


def test_index_and_local_embedder_live_in_one_process() -> None:
    """A process that has made an index can still open a model: the libraries behind them are loaded in that order."""
    program = (
        "from policy_engine.signals.caches.neighbours import Neighbours;"
        "import numpy as np;"
        "n = Neighbours(2, exact_up_to=0); n.add(np.array([1, 0])); n.tend(); n.tend();"
        "import onnxruntime; print(n.nearest(np.array([1, 0], np.float32), 1))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, "[(0, 1.0)]")
