"""Tests of state on a server: whose clock counts, what an outage does, and what may be named as a server."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from policy_engine.errors import StateError
from policy_engine.state.redis import RedisState
from policy_engine.state.redis_server import RedisServer, Script
from tests.servers.redis_process import RedisProcess

ENDS = {"now_s": 0, "until_s": 10, "counted_until_s": 100}


class Clock:
    """A clock that a test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisProcess]:
    """A server that the test may stop."""
    with RedisProcess(tmp_path) as started:
        yield started


def test_the_clock_of_the_server_counts(new_redis: Callable[[], str]) -> None:
    """What one whose clock is an hour slow holds, puts and adds for ten minutes lasts ten minutes for everybody."""
    address, now_s = new_redis(), time.time()
    late_s = now_s - 3_600
    with closing(RedisState(address, wall_s=lambda: late_s)) as slow, closing(RedisState(address)) as right:
        slow.hold("l", {"held": 1}, now_s=late_s, until_s=late_s + 600, counted_until_s=late_s + 600)
        slow.add({"added": 2}, now_s=late_s, until_s=late_s + 600)
        slow.put("key", b"value", now_s=late_s, until_s=late_s + 600)
        slow.log.append("log", "entry", b"value", now_s=late_s, until_s=late_s + 600)

        assert right.counts(("held", "added"), now_s=now_s + 500) == (1, 2)
        assert right.get("key", now_s=now_s + 500) == b"value"
        (record,) = right.log.since("log", 0, now_s=now_s + 500)
        assert abs(record.until_s - (now_s + 600)) < 60
        assert right.get("key", now_s=now_s + 700) is None
        assert right.log.since("log", 0, now_s=now_s + 700) == ()
        assert right.counts(("held", "added"), now_s=now_s + 700) == (0, 0)


def test_amounts_are_exact_to_the_last_digit(new_redis: Callable[[], str]) -> None:
    """Sums that no double could hold are right, and what no counter can hold changes nothing."""
    large = 2**53 + 1
    with closing(RedisState(new_redis())) as state:
        state.add({"a": large}, now_s=0, until_s=100)
        held = state.hold("l", {"a": -1, "b": large}, **ENDS)
        state.settle("l", {"b": large + 2}, now_s=1)
        with pytest.raises(StateError, match="too large to count"):
            state.add({"c": 1, "a": 2**63}, now_s=0, until_s=100)

        assert held == (large - 1, large)
        assert state.counts(("a", "b", "c"), now_s=1) == (large - 1, large + 2, 0)


def test_holding_again_holds_once(new_redis: Callable[[], str]) -> None:
    """Whoever asks twice, since an answer was lost, holds once."""
    with closing(RedisState(new_redis())) as state:
        assert state.hold("l", {"a": 5}, **ENDS) == state.hold("l", {"a": 5}, **ENDS) == (5,)


def test_nothing_stays_for_ever(redis_server: RedisProcess, new_redis: Callable[[], str]) -> None:
    """Every key but the list of logs goes by itself, in time, even if nobody comes any more."""
    address = new_redis()
    prefix = address.rpartition("=")[2]
    with closing(RedisState(address)) as state:
        state.add({"a": 5}, now_s=0, until_s=100)
        state.hold("l", {"a": 5}, **ENDS)
        state.put("key", b"value", now_s=0, until_s=10)
        state.log.append("log", "entry", b"value", now_s=0, until_s=10)
        listed = RedisServer(address).run(Script("return redis.call('KEYS', ARGV[1])"), ("k",), f"{prefix}:*")

    lasting = [key for key in listed if b":-1\r" in redis_server.ask(f"TTL {key.decode()}")]
    assert (len(listed), lasting) == (12, [f"{prefix}:logs".encode()])


def test_a_server_that_is_gone_is_told_at_once(server: RedisProcess) -> None:
    """Everything raises, with the place and the reason; most without even trying, until somebody tries again."""
    clock = Clock()
    with closing(RedisState(server.address, clock=clock)) as state:
        state.add({"n": 1}, now_s=0, until_s=100)
        server.kill()
        with pytest.raises(StateError) as caught:
            state.counts(("n",), now_s=1)
        server.start()
        with pytest.raises(StateError) as again:
            state.counts(("n",), now_s=1)
        clock.now_s = 1.0

        assert caught.value.place == again.value.place == f"redis://127.0.0.1:{server.port}/0"
        assert caught.value.reason == again.value.reason
        assert state.counts(("n",), now_s=1) == (1,)
        assert state.counts(("n",), now_s=1) == (1,)


def test_a_server_that_is_restarted_while_nobody_asks_is_not_missed(server: RedisProcess) -> None:
    """Connections and scripts are made anew without an error in between."""
    with closing(RedisState(server.address)) as state:
        state.add({"n": 1}, now_s=0, until_s=100)
        server.kill()
        server.start()
        state.add({"n": 1}, now_s=0, until_s=100)

        assert state.counts(("n",), now_s=1) == (2,)


def test_a_server_that_does_not_answer_holds_nobody_for_long(server: RedisProcess) -> None:
    """A frozen server costs those who ask first a time-out, and those who come later nothing."""
    clock = Clock()
    address = server.address.replace("socket_timeout=20", "socket_timeout=0.05")
    with closing(RedisState(address, clock=clock)) as state, ThreadPoolExecutor(8) as pool:
        state.put("key", b"value", now_s=0, until_s=100)
        server.freeze()
        asked = [pool.submit(state.get, "key", now_s=1) for _ in range(100)]
        reasons = {str(one.exception()) for one in asked}
        server.thaw()
        clock.now_s = 1.0

        assert reasons == {f"`redis://127.0.0.1:{server.port}/0` cannot be used: Timeout reading from socket"}
        assert state.get("key", now_s=1) == b"value"


def test_a_call_that_ends_in_an_outage_is_paid_once(server: RedisProcess) -> None:
    """What could not be settled stays held, and is settled by itself with the first use that works."""
    clock = Clock()
    with closing(RedisState(server.address, clock=clock)) as state, closing(RedisState(server.address)) as other:
        state.hold("l", {"a": 10, "b": 20}, **ENDS)
        server.kill()
        with pytest.raises(StateError):
            state.settle("l", {"a": 4}, now_s=5)
        server.start()
        still_held = other.counts(("a", "b"), now_s=6)
        clock.now_s = 2.0
        state.add({"c": 1}, now_s=7, until_s=100)

        assert (still_held, other.counts(("a", "b", "c"), now_s=50)) == ((10, 20), (4, 20, 1))
        assert state.settle("l", {"a": 4}, now_s=8) is False


def test_what_may_be_held_by_an_answer_that_was_lost_is_given_back(server: RedisProcess) -> None:
    """A caller who was told that nothing is held holds nothing, even if the server did hold it."""
    clock = Clock()
    address = server.address.replace("socket_timeout=20", "socket_timeout=0.05")
    with closing(RedisState(address, clock=clock)) as state, closing(RedisState(server.address)) as other:
        state.counts(("a",), now_s=0)
        server.freeze()
        with pytest.raises(StateError):
            state.hold("l", {"a": 10}, **ENDS)
        server.thaw()
        other.counts(("a",), now_s=1)
        clock.now_s = 1.0
        state.close()

        assert other.counts(("a",), now_s=1) == (0,)
        assert other.settle("l", {"a": 10}, now_s=1) is False


def test_closing_in_an_outage_waits_for_nobody(server: RedisProcess) -> None:
    """What is owed cannot be settled then; a state that was closed opens itself."""
    clock = Clock()
    state = RedisState(server.address, clock=clock)
    state.hold("l", {"a": 10}, **ENDS)
    server.kill()
    with suppress(StateError):
        state.settle("l", {"a": 4}, now_s=1)
    state.close()
    state.close()
    server.start()
    clock.now_s = 1.0
    state.put("key", b"value", now_s=2, until_s=10)
    state.close()

    with closing(RedisState(server.address)) as other:
        assert other.counts(("a",), now_s=50) == (4,)


def test_a_log_that_was_lost_goes_on_above_what_was_read(server: RedisProcess) -> None:
    """Followers of a log that begins anew on an empty server see what is appended to it."""
    with closing(RedisState(server.address)) as state:
        before = [state.log.append("log", str(index), b"1", now_s=0, until_s=10) for index in range(50)]
        assert server.ask("FLUSHALL") == b"+OK\r\n"
        state.log.append("log", "new", b"2", now_s=0, until_s=10)

        assert before == sorted(set(before))
        assert [record.entry for record in state.log.since("log", before[-1], now_s=0)] == ["new"]


def test_what_the_server_refuses_is_no_outage(server: RedisProcess) -> None:
    """A server without room says so each time, changes nothing, and can be read all the while."""
    with closing(RedisState(server.address)) as state:
        state.add({"n": 1}, now_s=0, until_s=100)
        server.ask("CONFIG SET maxmemory 1")
        with pytest.raises(StateError, match="maxmemory"):
            state.put("key", b"value", now_s=0, until_s=100)
        while_full = state.get("key", now_s=1)
        server.ask("CONFIG SET maxmemory 0")
        state.put("key", b"value", now_s=0, until_s=100)

        assert (while_full, state.get("key", now_s=1)) == (None, b"value")


def test_a_password_is_used_and_never_told(tmp_path: Path) -> None:
    """A wrong or missing password is a typed error without it, and the right one is let in."""
    with RedisProcess(tmp_path) as server:
        server.ask("CONFIG SET requirepass open-sesame")
        host = f"127.0.0.1:{server.port}"
        with closing(RedisState(f"redis://:wrong-word@{host}")) as wrong, pytest.raises(StateError) as caught:
            wrong.get("key", now_s=0)
        with closing(RedisState(f"redis://:open-sesame@{host}?socket_timeout=20")) as right:
            assert right.get("key", now_s=0) is None

    assert (caught.value.place, "wrong-word" in str(caught.value)) == (f"redis://{host}", False)


def test_a_cluster_is_asked_for_its_nodes(new_redis: Callable[[], str]) -> None:
    """With `redis+cluster:` keys are looked for on the node that has them."""
    with closing(RedisState(new_redis().replace("redis:", "redis+cluster:"))) as state:
        state.put("key", b"value", now_s=0, until_s=10)
        state.hold("l", {"a": 10, "b": 20}, **ENDS)
        state.log.append("log", "entry", b"value", now_s=0, until_s=10)

        assert (state.get("key", now_s=1), state.counts(("b", "a"), now_s=1)) == (b"value", (20, 10))
        assert state.log.names("l", now_s=1) == ("log",)


def test_a_node_of_a_cluster_says_so(new_redis: Callable[[], str]) -> None:
    """Whoever takes it for a server of its own is told how to name a cluster."""
    with closing(RedisServer(new_redis())) as server, pytest.raises(StateError) as caught:
        server.run(Script("return redis.error_reply('MOVED 1 127.0.0.1:1')"), ("key",))

    assert caught.value.reason == "it belongs to a cluster; give redis+cluster://HOST:PORT"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("redis://", "the address names no server; give redis://HOST"),
        ("redis:///0", "the address names no server; give redis://HOST"),
        ("redis://:secret@host:port", "the address of the server cannot be read"),
        ("redis://:secret@host?prefix", "the address of the server cannot be read"),
        ("redis://:secret@host?prefix={a}", "`prefix` is up to 64 letters"),
        ("redis://:secret@host?socket_timeot=3", "the address has an option that redis-py does not know"),
        ("redis://:secret@host?socket_timeout=soon", "the address has an option with a value that it cannot have"),
    ],
)
def test_what_is_no_server_is_said(address: str, reason: str) -> None:
    """A mistake in an address is told when the state is opened, without the password."""
    with pytest.raises(ValueError, match="^" + reason) as raised:
        RedisState(address)

    assert "secret" not in str(raised.value)


WITHOUT = """
import sys
sys.modules["redis"] = None
from policy_engine.state.open import open_state
try:
    open_state("redis://127.0.0.1")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_the_extra_is_named_where_it_is_missing() -> None:
    """Without redis-py, the error says what to install; and nothing else ever loads it."""
    said = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True).stdout

    assert said == (
        "MissingExtra state in Redis needs an optional package; install it with `pip install 'policy_engine[redis]'`\n"
    )
