"""
How long policies take to become live: 10,000 rules in 40 files, from nothing and after an edit, and what deciding
meanwhile and importing cost.

    python benchmarks/load.py

Everything cold is measured in a fresh process. Decisions meanwhile come from another thread, one due every
millisecond; `late` counts from when a decision was due, so that waiting for the interpreter is in it. Prints a table
and asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bundles import rule_text, rules_file, rules_text, tidy_rules, write_bundle
from generated import Workload, workload

PAUSE_S = 0.001
IMPORT = "from policy_engine import Engine, Request, build, decide"


@dataclass(slots=True)
class Latencies:
    """Of decisions in another thread, in ms: how long each took, and how long after it was due it was there."""

    taken_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """The 99th percentiles and the worst."""
        return {
            "taken, 99 %, ms": _percentile(self.taken_ms, 0.99),
            "late, 50 %, ms": _percentile(self.late_ms, 0.5),
            "late, 99 %, ms": _percentile(self.late_ms, 0.99),
            "late, worst, ms": max(self.late_ms, default=0.0),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--runs", type=int, default=3, help="fresh processes; the median is printed")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        print(json.dumps(WORKERS[options.worker](options)))
        return 0
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(
        f"{options.rules:,} rules in {options.files} files, median of {options.runs} fresh processes; "
        f"before, the machine was {load:.0%} busy\n"
    )
    print("| what | |\n|---|---|")
    for worker in WORKERS:
        _print_rows(_median_of(_measured(worker, options) for _ in range(options.runs)))
    _print_rows({f"`{IMPORT}`, beyond a bare interpreter, CPU s": _import_cpu_s(IMPORT)})
    return 0


def _cold_build(options: argparse.Namespace) -> dict[str, float]:
    """From the start of a process that knows nothing to policies to decide with."""

    def act() -> None:
        from policy_engine import build

        build(options.folder)

    return _timed("cold: import and build", act)


def _cold_engine(options: argparse.Namespace) -> dict[str, float]:
    """The same until an engine serves them; it makes sure first that the folder holds still."""

    def act() -> None:
        from policy_engine import Engine

        Engine.open(options.folder, watch=False).close()

    return _timed("cold: import and Engine.open", act)


def _validate(_: argparse.Namespace) -> dict[str, float]:
    """The whole of `policy-engine validate`, analysis included, on 1,000 rules that have nothing to hide."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "policy.yaml").write_text(tidy_rules(1_000), encoding="utf-8")

        def act() -> None:
            from policy_engine.cli import main

            main(["validate", folder, "--quiet"])

        return _timed("validate 1,000 rules, analysis included", act)


def _incremental(options: argparse.Namespace) -> dict[str, float]:
    """
    The first request without a task, then builds with the previous result at hand: after nothing, after an edit of one
    rule, and after one more rule.
    """
    from policy_engine import Request, build, decide

    made = _workload(options)
    results = [build(options.folder)]

    def ask() -> None:
        if results[0].policy_set is not None:
            decide(results[0].policy_set, Request(input="hello"))

    def act() -> None:
        results.append(build(options.folder, previous=results[-1]))

    taken = _timed("the first request without a task", ask)
    taken |= _timed("build again: nothing changed", act)
    _edit(made, options)
    taken |= _timed("build again: one rule edited", act)
    _insert(made, options)
    taken |= _timed("build again: one rule inserted", act)
    broken = [result.report.errors[0].message for result in results if result.policy_set is None]
    if broken:
        raise ValueError(broken[0])
    return taken


def _meanwhile(options: argparse.Namespace) -> dict[str, float]:
    """Latencies of decisions in another thread: nothing else going on, a cold build, an engine's reload of an edit."""
    from policy_engine import Engine, build

    made = _workload(options)
    with Engine.open(options.folder, watch=False) as engine:
        found = {"nothing else": _decisions_during(engine, made, lambda: time.sleep(2.0))}
        found["a cold build"] = _decisions_during(engine, made, lambda: build(options.folder))
        _edit(made, options)
        found["a reload of an edit"] = _decisions_during(engine, made, engine.reload)
    return {f"decisions beside {what}: {name}": value for what, each in found.items() for name, value in each.items()}


WORKERS: dict[str, Callable[[argparse.Namespace], dict[str, float]]] = {
    "cold_build": _cold_build,
    "cold_engine": _cold_engine,
    "validate": _validate,
    "incremental": _incremental,
    "meanwhile": _meanwhile,
}
"""What is measured in a process of its own; each gives rows of the table."""


def _workload(options: argparse.Namespace) -> Workload:
    return workload(rules=options.rules, requests=1_000)


def _edit(made: Workload, options: argparse.Namespace) -> None:
    """Gives a rule in the middle of a file another length to ask for."""
    number, rules = _middle(made, options)
    rules[len(rules) // 2] = {**rules[len(rules) // 2], "chars": (123, 456)}
    rules_file(options.folder, number).write_text(rules_text(rules), encoding="utf-8")


def _insert(made: Workload, options: argparse.Namespace) -> None:
    """Puts one more rule at the top of the middle file."""
    number, rules = _middle(made, options)
    file = rules_file(options.folder, number)
    added = rule_text({**rules[0], "id": "-added"})
    file.write_text(file.read_text(encoding="utf-8").replace("rules:\n", f"rules:\n{added}\n", 1), encoding="utf-8")


def _middle(made: Workload, options: argparse.Namespace) -> tuple[int, list[dict[str, Any]]]:
    size = -(-len(made.rules) // options.files)
    number = options.files // 2
    return number, made.rules[number * size : (number + 1) * size]


def _decisions_during(engine: Any, made: Workload, act: Callable[[], object]) -> dict[str, float]:
    found, stopped = Latencies(), threading.Event()
    thread = threading.Thread(target=_decide_until, args=(stopped, engine, made, found))
    thread.start()
    try:
        act()
    finally:
        stopped.set()
        thread.join()
    return found.summary()


def _decide_until(stopped: threading.Event, engine: Any, made: Workload, found: Latencies) -> None:
    from policy_engine import Request

    requests = [
        Request(task=one["task"], input=one["text"], attributes={"tenant": one["tenant"], "tier": one["tier"]})
        for one in made.requests
    ]
    due = time.perf_counter()
    while not stopped.is_set():
        due += PAUSE_S
        time.sleep(max(0.0, due - time.perf_counter()))
        start = time.perf_counter()
        engine.decide(requests[len(found.late_ms) % len(requests)])
        end = time.perf_counter()
        found.taken_ms.append((end - start) * 1e3)
        found.late_ms.append((end - due) * 1e3)
        due = max(due, end)  # callers that had to wait do not pile up


def _measured(worker: str, options: argparse.Namespace) -> dict[str, float]:
    with _bundle(options) as folder:
        own = [sys.executable, __file__, "--worker", worker, "--folder", str(folder)]
        own += ["--rules", str(options.rules), "--files", str(options.files)]
        return json.loads(subprocess.run(own, check=True, capture_output=True, text=True).stdout)


@contextmanager
def _bundle(options: argparse.Namespace) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        write_bundle(_workload(options).rules, Path(folder), files=options.files)
        yield Path(folder)


def _median_of(runs: Iterator[dict[str, float]]) -> dict[str, float]:
    found = list(runs)
    return {name: statistics.median(run[name] for run in found) for name in found[0]}


def _timed(name: str, act: Callable[[], None]) -> dict[str, float]:
    """Rows for how long it takes by the clock, and how much of a processor: other processes lengthen only the first."""
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    act()
    return {f"{name}, s": time.perf_counter() - start_s, f"{name}, CPU s": time.process_time() - start_cpu_s}


def _print_rows(rows: dict[str, float]) -> None:
    for name, value in rows.items():
        what, _, unit = name.rpartition(", ")
        print(f"| {what} | {value:.3f} {unit} |", flush=True)


def _import_cpu_s(statement: str, *, runs: int = 15) -> float:
    """Median CPU time of a process that runs the statement, less that of one that does nothing."""
    return statistics.median(_cpu_s(statement) for _ in range(runs)) - statistics.median(
        _cpu_s("pass") for _ in range(runs)
    )


def _cpu_s(statement: str) -> float:
    process = subprocess.Popen([sys.executable, "-c", statement])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"`{statement}` failed")
    return used.ru_utime + used.ru_stime


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else 0.0


if __name__ == "__main__":
    sys.exit(main())
