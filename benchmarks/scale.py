"""
A million requests decided into a file of decisions: how long it takes, how fast that is, and how much memory it holds.

    python benchmarks/scale.py --requests 1000000 --jobs 2
    python benchmarks/scale.py --policies policies --form jsonl

Made-up support requests (a task, a message of a sentence, a plan, some with signals) go through `policy-engine dry-run
--out`. Without `--policies` the starter bundle of `policy-engine init` decides them. Memory is the most that the
process and its workers had (told by Linux), and the same for a tenth of the requests, so that growth would show.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

HERE = str(Path(__file__).resolve().parent)
TASKS = ("order_status", "faq", "generate_reply", "classify_intent", "summarize_document")
WORDS = "where is my order the parcel has not come refund please help how do I change address size boots thanks".split()


def requests(count: int) -> Iterator[dict[str, Any]]:
    """Made-up requests, the same each time."""
    random = Random(7)
    for number in range(count):
        text = " ".join(random.choices(WORDS, k=random.randint(3, 24)))
        request: dict[str, Any] = {"id": f"r{number}", "task": random.choice(TASKS), "input": text}
        request["attributes"] = {"plan": random.choice(("free", "pro", "enterprise")), "tenant": f"t{number % 50}"}
        yield request


def write(path: Path, count: int) -> None:
    """The requests as JSON Lines or as Parquet, by the file's name."""
    lines = path.with_suffix(".jsonl")
    with lines.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(request) + "\n" for request in requests(count))
    if path.suffix == ".parquet":
        import duckdb

        duckdb.execute(f"COPY (SELECT * FROM read_json('{lines}')) TO '{path}' (FORMAT parquet)")
        lines.unlink()


def write_apart(path: Path, count: int) -> None:
    """The same in a process of its own: a child counts the memory that its parent had when it began as its own."""
    program = f"import sys; sys.path.insert(0, {HERE!r}); import scale; scale.write(scale.Path({str(path)!r}), {count})"
    subprocess.run([sys.executable, "-c", program], check=True)


class Measured(NamedTuple):
    """Seconds, CPU seconds of all processes, and MB at the most: of the process that was started, of one it started."""

    took_s: float
    cpu_s: float
    own_mb: float
    worker_mb: float


def measured(policies: str, path: Path, jobs: int) -> Measured:
    """A run over a file of requests."""
    out = path.with_name("decisions.parquet")
    command = [sys.executable, "-m", "policy_engine", "dry-run", policies, "--requests", str(path)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    running = subprocess.Popen([*command, "--jobs", str(jobs), "--out", str(out), "--quiet"], stdout=subprocess.DEVNULL)
    own_mb = worker_mb = 0.0
    while running.poll() is None:
        own_mb = max(own_mb, peak_mb(running.pid))
        worker_mb = max([worker_mb, *map(peak_mb, children(running.pid))])
        time.sleep(0.5)
    if running.returncode:
        raise SystemExit(running.returncode)
    took_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(took_s, cpu_s, own_mb, worker_mb)


def peak_mb(pid: int) -> float:
    """The most memory that a process has had so far, as Linux tells; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def children(pid: int) -> list[int]:
    """The processes that a process has started, as Linux tells."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def starter(folder: Path) -> str:
    """The starter bundle."""
    subprocess.run(
        [sys.executable, "-m", "policy_engine", "init", str(folder)], check=True, capture_output=True, env=os.environ
    )
    return str(folder)


def main() -> None:
    """Makes the requests, decides a tenth of them and then all, and prints both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--policies")
    parser.add_argument("--form", choices=("parquet", "jsonl"), default="parquet")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        policies = given.policies or starter(folder / "starter")
        for count in (given.requests // 10, given.requests):
            path = folder / f"requests.{given.form}"
            write_apart(path, count)
            run = measured(policies, path, given.jobs)
            print(
                f"{count:9,} requests ({given.form}), {given.jobs} jobs: {run.took_s:6.1f} s, "
                f"{count / run.took_s:8,.0f}/s, {run.cpu_s / count * 1e6:5.1f} µs of CPU each; at most "
                f"{run.own_mb:.0f} MB in the process and {run.worker_mb:.0f} MB in each worker",
                flush=True,
            )


if __name__ == "__main__":
    main()
