"""Programs that share a state, run as processes of their own: `python -m tests.state.programs NAME STATE ARGUMENT…`."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

from policy_engine.errors import StateError
from policy_engine.state.open import open_state
from policy_engine.state.process import PerProcess
from policy_engine.state.sqlite import SqliteState
from policy_engine.state.state import Ceiling

TOP = Path(__file__).parent.parent.parent


def start(name: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs a program of this module; talked to in lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.state.programs", name, *map(str, arguments)],
        cwd=TOP,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def add(address: str, times: str) -> None:
    """Adds 1 so many times from each of four threads, once a line has come in."""
    state = open_state(address)
    sys.stdin.readline()

    def run() -> None:
        for _ in range(int(times)):
            state.add({"n": 1}, now_s=0, until_s=100)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def admit(address: str, times: str, most: str) -> None:
    """Asks so many times from each of four threads to be let in, once a line has come in; says how often it was."""
    state = open_state(address)
    ceiling = Ceiling(part=("n",), most=int(most) - 1)
    ends = {"now_s": 0, "until_s": 100, "counted_until_s": 100}
    admitted = []
    sys.stdin.readline()

    def run() -> None:
        for _ in range(int(times)):
            lease = uuid4().hex
            if state.admit(lease, {"n": 1}, ceiling=ceiling, **ends):
                admitted.append(lease)
                state.settle(lease, {}, now_s=1)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(admitted), flush=True)


def hold(address: str) -> None:
    """Holds 7 for a minute and waits to be killed."""
    now_s = time.time()
    open_state(address).hold("l", {"n": 7}, now_s=now_s, until_s=now_s + 60, counted_until_s=now_s + 60)
    print(now_s + 60, flush=True)
    sys.stdin.readline()


def fork(address: str) -> None:
    """Uses a state before a fork, and in parent and child afterwards."""
    state = open_state(address)
    state.add({"n": 1}, now_s=0, until_s=100)
    child = os.fork()
    for _ in range(50):
        state.add({"n": 1}, now_s=0, until_s=100)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def inherit() -> None:
    """Says, in a forked child and then in its parent, whether the value is the process's own."""
    mine = PerProcess(os.getpid)
    mine.get()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    print("child" if child == 0 else "parent", mine.get() == os.getpid(), flush=True)


def fill(path: str, limit_bytes: str) -> None:
    """Puts entries under a limit for the size of files, says what happened, and goes on without the limit."""
    state = SqliteState(path)
    state.put("first", b"1", now_s=0, until_s=100)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit_bytes), usual[1]))
    try:
        for index in range(1_000):
            state.put(str(index), b"x" * 4_096, now_s=0, until_s=100)
    except StateError as error:
        print(error.place, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    state.put("last", b"2", now_s=0, until_s=100)


if __name__ == "__main__":
    {"add": add, "admit": admit, "hold": hold, "fork": fork, "inherit": inherit, "fill": fill}[sys.argv[1]](
        *sys.argv[2:]
    )
