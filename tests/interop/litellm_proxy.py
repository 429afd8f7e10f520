"""LiteLLM's proxy, run as a server of its own on loopback."""

import os
import queue
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PATIENCE_S = 180.0
_LISTENING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy that listens; whoever asks it sends `key`."""

    url: str
    key: str


@contextmanager
def running(program: str, config: Path, key: str) -> Iterator[Proxy]:
    """A proxy for as long as the block runs. It asks nothing of the network but what its models name."""
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", "0", "--telemetry", "False"]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "LITELLM_MASTER_KEY": key,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches prices when it starts
        "NO_PROXY": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    )
    assert process.stdout is not None
    lines: queue.Queue[str | None] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True)
    listener.start()
    try:
        yield Proxy(url=_address(lines), key=key)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        listener.join(PATIENCE_S)
        process.stdout.close()


def _address(lines: "queue.Queue[str | None]") -> str:
    """Where the proxy listens, once it says so."""
    said = []
    while (line := lines.get(timeout=PATIENCE_S)) is not None:
        said.append(line)
        if found := _LISTENING.search(line):
            return found[1]
    raise AssertionError("the proxy ended before it listened:\n" + "".join(said))


def _listen(stream: IO[str], lines: "queue.Queue[str | None]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)
