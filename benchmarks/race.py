"""Peers timed in turns on the same requests, after their answers were checked."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass, field
from typing import Any

from hand_written import Decide


@dataclass(slots=True)
class Entrant:
    """One peer ready to be timed: how it decides, on how many requests, and what each took in each round, in ns."""

    name: str
    decide: Decide
    count: int
    rounds: list[list[int]] = field(default_factory=list)

    def times_us(self) -> list[float]:
        """For each request the median over the rounds."""
        return [statistics.median(times) / 1e3 for times in zip(*self.rounds, strict=True)]


def run_rounds(entrants: list[Entrant], requests: list[dict[str, Any]], *, rounds: int) -> None:
    """Times every peer in each round, beginning with another one each time."""
    for number in range(rounds):
        first = number % len(entrants)
        for entrant in (*entrants[first:], *entrants[:first]):
            entrant.rounds.append(_round_ns(entrant.decide, requests[: entrant.count]))


def entrant_of(
    name: str, decide: Decide, requests: list[dict[str, Any]], expected: list[int], *, budget_s: float
) -> tuple[Entrant, int]:
    """A peer, warm and checked on as many requests as fit the budget, and how many answers were wrong."""
    count = wrong = 0
    end = time.perf_counter() + 2 * budget_s
    for request, answer in zip(requests, expected, strict=True):
        wrong += decide(request) != answer
        count += 1
        if time.perf_counter() > end:
            break
    start = time.perf_counter()
    for request in requests[:count]:
        decide(request)
    each_s = (time.perf_counter() - start) / count
    return Entrant(name, decide, max(1, min(count, int(budget_s / each_s)))), wrong


def _round_ns(decide: Decide, requests: list[dict[str, Any]]) -> list[int]:
    clock = time.perf_counter_ns
    times = []
    gc.collect()
    gc.disable()
    for request in requests:
        start = clock()
        decide(request)
        times.append(clock() - start)
    gc.enable()
    return times


def print_table(entrants: list[Entrant]) -> None:
    """Prints a line per peer; `times ours` is against the first, on the requests that both were timed on."""
    ours = entrants[0].times_us()
    print("| peer | times ours, same requests | mean µs | p50 µs | p99 µs | timed on |\n|---|---|---|---|---|---|")
    for entrant in entrants:
        times = entrant.times_us()
        ratio = sum(times) / sum(ours[: len(times)])
        ordered = sorted(times)
        p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        mean = statistics.fmean(times)
        print(f"| {entrant.name} | {ratio:.2f} | {mean:.1f} | {p50:.1f} | {p99:.1f} | {len(times):,} |", flush=True)
