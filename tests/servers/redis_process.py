"""
A real Redis server on loopback, in a folder of its own, which a test can kill, freeze and start again.

    with RedisProcess(tmp_path) as server:
        open_state(server.address)
        server.kill()
        server.start()                     # on the same port, with what it had written to its disk
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

_STARTS_WITHIN_S = 20.0


def redis_program() -> str:
    """The program of a server. Without one, a test is skipped, but never where changes are checked."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None and os.environ.get("CI"):
        pytest.fail("no redis-server is installed here")
    if found is None:
        pytest.skip("no redis-server is installed; on Debian and Ubuntu: apt install redis-server")
    return found


class RedisProcess:
    """
    A server that writes everything to its disk before it answers.

    Args:
        folder: where it keeps its files.
        options: further ones, as for the program.

    Attributes:
        port: a free one, the same after a restart.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = _free_port()
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """The address of a state there. It waits longer than usual, since a busy machine is not an outage."""
        return f"redis://127.0.0.1:{self.port}/0?socket_timeout=20&socket_connect_timeout=20"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        fixed = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always")
        where = ("--port", str(self.port), "--dir", str(self._folder), "--logfile", str(self._folder / "redis.log"))
        self._process = subprocess.Popen([redis_program(), *where, *fixed, *self._options])
        until_s = time.monotonic() + _STARTS_WITHIN_S
        while b"PONG" not in self.ask("PING"):
            if time.monotonic() > until_s or self._process.poll() is not None:
                self.kill()
                pytest.fail(f"the server did not start: {(self._folder / 'redis.log').read_text()}")
            time.sleep(0.02)

    def ask(self, command: str) -> bytes:
        """What it answers to a command, as it is on the wire; empty if it cannot be reached."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(65_536)
        except OSError:
            return b""

    def kill(self) -> None:
        """Ends it at once, whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Has it end in its own time."""
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Has it answer nobody, while connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Has it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None


def _free_port() -> int:
    """One below those that systems give to outgoing connections, so that it is still free after a while without."""
    while True:
        port = random.randrange(20_000, 30_000)
        with suppress(OSError), socket.socket() as server, socket.socket() as cluster_bus:
            server.bind(("127.0.0.1", port))
            cluster_bus.bind(("127.0.0.1", port + 10_000))
            return port
