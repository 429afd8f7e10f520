"""Tests of states that several processes use, one of which may die: in a file, and on a server."""

from __future__ import annotations

from contextlib import closing

from policy_engine.state.open import open_state
from tests.state.programs import start


def test_processes_count_exactly(shared_address: str) -> None:
    """Nothing is lost or counted twice with two processes of four threads each, that begin together."""
    with start("add", shared_address, 50) as one, start("add", shared_address, 50) as two:
        for process in (one, two):
            process.communicate("go\n")

    with closing(open_state(shared_address)) as state:
        assert state.counts(("n",), now_s=1) == (400,)


def test_processes_are_let_in_exactly(shared_address: str) -> None:
    """Of 400 who ask at once, in two processes of four threads, exactly as many are let in as the limit says."""
    with start("admit", shared_address, 50, 123) as one, start("admit", shared_address, 50, 123) as two:
        admitted = [int(process.communicate("go\n")[0]) for process in (one, two)]

    with closing(open_state(shared_address)) as state:
        assert (sum(admitted), state.counts(("n",), now_s=2)) == (123, (123,))


def test_what_a_dead_process_held_is_free_when_its_lease_ends(shared_address: str) -> None:
    """A process that is killed keeps what it held only until its lease ends."""
    with start("hold", shared_address) as process:
        until_s = float(process.stdout.readline())  # type: ignore[union-attr]  # it is a pipe
        process.kill()

    with closing(open_state(shared_address)) as state:
        assert state.counts(("n",), now_s=until_s - 1) == (7,)
        assert state.counts(("n",), now_s=until_s) == (0,)


def test_a_forked_child_counts_too(shared_address: str) -> None:
    """A state that was used before a fork is used on by parent and child."""
    with start("fork", shared_address) as process:
        process.communicate()

    with closing(open_state(shared_address)) as state:
        assert (process.returncode, state.counts(("n",), now_s=1)) == (0, (101,))
