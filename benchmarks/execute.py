"""
What one call of a model costs in CPU, beside the `openai` client and `litellm.completion`.

    python benchmarks/execute.py

A server in another process answers at once, over connections that stay open. Each entrant runs in a fresh process and
makes the same calls one after the other; what counts is process time, so waiting is left out and a busy machine
matters less. Ours goes the way a caller goes: `Engine.complete`, which decides, sets money aside, calls, settles and
counts. The entrants take turns; a table with the medians is printed, and nothing is asserted. A peer that is not
installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

QUESTION = "What are your opening hours on the day before a public holiday?"
WARM_UP = 200

POLICY = """
version: 1
tasks: [faq]
providers: {{local: {{kind: openai, base_url: "{url}", api_key: "${{KEY}}"}}}}
models: {{mini: {{provider: local, model: gpt-4o-mini, price: {{input: 0.15, output: 0.60}}, context: 128k}}}}
tiers: [{{name: fast, models: [mini]}}]
rules: [{{name: all, when: {{task: faq}}, then: {{route: fast}}}}]
default: {{route: fast}}
"""
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Nine to five, and nine to one before a holiday."},
            }
        ],
        "usage": {"prompt_tokens": 21, "completion_tokens": 14, "total_tokens": 35},
    }
).encode()


def ours(url: str, calls: int) -> float:
    """`Engine.complete`."""
    from policy_engine import Engine, Request

    with tempfile.TemporaryDirectory() as folder:
        _write_policy(folder, url)
        with Engine.open(folder, watch=False) as engine:
            return _timed(lambda: engine.complete(Request(task="faq", input=QUESTION)).text, calls)


def ours_async(url: str, calls: int) -> float:
    """`Engine.complete_async`."""
    from policy_engine import Engine, Request

    async def run(folder: str) -> float:
        async with Engine.open(folder, watch=False) as engine:

            async def call() -> str:
                return (await engine.complete_async(Request(task="faq", input=QUESTION))).text

            return await _timed_async(call, calls)

    with tempfile.TemporaryDirectory() as folder:
        _write_policy(folder, url)
        return asyncio.run(run(folder))


def provider(url: str, calls: int) -> float:
    """Our provider alone, without deciding, money and counters."""
    from policy_engine.model.call import Prompt
    from policy_engine.providers.api import World
    from policy_engine.transport.http import HttpTransport

    transport = HttpTransport()
    asked = _provider(url, World(transport=transport, environment=os.environ))
    prompt = Prompt(messages=_asked()["messages"])
    taken = _timed(lambda: asked.call(prompt, "gpt-4o-mini", timeout_s=None).text, calls)
    transport.close()
    return taken


def provider_async(url: str, calls: int) -> float:
    """The same, awaited."""
    from policy_engine.model.call import Prompt
    from policy_engine.providers.api import World
    from policy_engine.transport.http import HttpTransport

    async def run() -> float:
        transport = HttpTransport()
        asked = _provider(url, World(transport=transport, environment=os.environ))
        prompt = Prompt(messages=_asked()["messages"])

        async def call() -> str:
            return (await asked.call_async(prompt, "gpt-4o-mini", timeout_s=None)).text

        taken = await _timed_async(call, calls)
        await transport.close_async()
        return taken

    return asyncio.run(run())


def openai(url: str, calls: int) -> float:
    """`openai.OpenAI().chat.completions.create`."""
    from openai import OpenAI

    client = OpenAI(base_url=url, api_key="none")
    return _timed(lambda: client.chat.completions.create(**_asked()).choices[0].message.content, calls)


def openai_async(url: str, calls: int) -> float:
    """`openai.AsyncOpenAI().chat.completions.create`."""
    from openai import AsyncOpenAI

    async def run() -> float:
        async with AsyncOpenAI(base_url=url, api_key="none") as client:

            async def call() -> str:
                return (await client.chat.completions.create(**_asked())).choices[0].message.content

            return await _timed_async(call, calls)

    return asyncio.run(run())


def litellm(url: str, calls: int) -> float:
    """`litellm.completion`."""
    import litellm as peer

    asked = {**_asked(), "model": "openai/gpt-4o-mini", "api_base": url, "api_key": "none"}
    return _timed(lambda: peer.completion(**asked).choices[0].message.content, calls)


ENTRANTS: dict[str, tuple[Callable[[str, int], float], str]] = {
    "Engine.complete": (ours, "policy_engine"),
    "Engine.complete_async": (ours_async, "policy_engine"),
    "provider": (provider, "policy_engine"),
    "provider, async": (provider_async, "policy_engine"),
    "openai": (openai, "openai"),
    "openai, async": (openai_async, "openai"),
    "litellm.completion": (litellm, "litellm"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures all entrants in turns and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--entrants", help="only these, with `;` between; `Engine` is always there")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker == "server":
        asyncio.run(_serve())
    elif options.worker:
        print(json.dumps(ENTRANTS[options.worker][0](options.url, options.calls)))
    else:
        _race(options.calls, options.rounds, options.entrants)
    return 0


def _race(calls: int, rounds: int, wanted: str | None) -> None:
    names = [name for name, (_, package) in ENTRANTS.items() if find_spec(package)]
    if wanted is not None:
        names = [name for name in names if name.startswith("Engine") or name in wanted.split(";")]
    server = subprocess.Popen([sys.executable, __file__, "--worker", "server"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        taken: dict[str, list[float]] = {name: [] for name in names}
        for turn in range(rounds):
            for name in [*names[turn:], *names[:turn]]:
                taken[name].append(_in_a_process(name, url, calls))
    finally:
        server.terminate()
        server.wait()
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"CPU per call, {calls:,} calls one after the other, median of {rounds} processes")
    for name, microseconds in medians.items():
        base = "Engine.complete_async" if "async" in name else "Engine.complete"
        print(f"{name:<24}{microseconds:>8.0f} µs   {microseconds / medians[base]:>5.2f} × {base}")


def _in_a_process(name: str, url: str, calls: int) -> float:
    command = [sys.executable, __file__, "--worker", name, "--url", url, "--calls", str(calls)]
    environment = {**os.environ, "KEY": "none", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    microseconds: float = json.loads(ran.stdout.splitlines()[-1])
    return microseconds


def _timed(call: Callable[[], str | None], calls: int) -> float:
    """Microseconds of CPU a call takes."""
    for _ in range(WARM_UP):
        _check(call())
    before = time.process_time()
    for _ in range(calls):
        _check(call())
    return (time.process_time() - before) / calls * 1e6


async def _timed_async(call: Callable[[], object], calls: int) -> float:
    for _ in range(WARM_UP):
        _check(await call())  # type: ignore[misc]  # a coroutine function
    before = time.process_time()
    for _ in range(calls):
        _check(await call())
    return (time.process_time() - before) / calls * 1e6


def _check(text: object) -> None:
    if not isinstance(text, str) or not text.startswith("Nine to five"):
        raise SystemExit(f"a call went wrong: {text!r}")


def _provider(url: str, world: Any) -> Any:
    from policy_engine import build
    from policy_engine.providers.registry import Providers

    with tempfile.TemporaryDirectory() as folder:
        _write_policy(folder, url)
        policy_set = build(folder).policy_set
    assert policy_set is not None
    return Providers(policy_set.declarations, lambda: world).get("local")


def _asked() -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": QUESTION}]}


def _write_policy(folder: str, url: str) -> None:
    (Path(folder) / "policy.yaml").write_text(POLICY.format(url=url), encoding="utf-8")


async def _serve() -> None:
    """Answers every POST with the same completion, until whoever started it is gone."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(request.split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(head + ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
