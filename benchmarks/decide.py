"""
How long a decision takes, beside hand-written loops and other engines, on the same rules and requests.

    python benchmarks/decide.py --rules 10,100,1000,10000      on rules generated here
    python PEERS --plugin benchmarks/decide.py --peers …       as peers `policy_engine`, `indexed_loop` of a harness

Every peer's answers are checked against an oracle before any is timed. Peers are timed in turns, in rotating order; a
request's time is the median over the rounds. Our own peer goes the way a caller goes: YAML files, `build`, `Request`,
`decide`. Requests are made before the clock starts; nothing else about them is kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:  # a harness that loads this file as a plugin has its own folder there
    sys.path.append(HERE)

from bundles import write_bundle  # noqa: E402  (found through the path set above)
from engines import engines  # noqa: E402  (found through the path set above)
from generated import NOBODY, reference, workload  # noqa: E402  (found through the path set above)
from hand_written import Decide, indexed_loop, naive_loop  # noqa: E402  (found through the path set above)
from race import entrant_of, print_table, run_rounds  # noqa: E402  (found through the path set above)

try:
    from peers import Peer  # type: ignore[import-not-found]  # only there when a harness loads this file
except ImportError:
    Peer = object

OURS = "policy_engine"


class PolicyEngine(Peer):
    """This project through its public interface, as a harness wants it."""

    name = OURS
    note = "YAML files, build, Request, decide; returns the deciding rule's id"

    def setup(self) -> None:
        """Imports what will be used, so that it does not count as loading."""
        import policy_engine

        _ = policy_engine.build, policy_engine.decide, policy_engine.Request

    def load(self, rules: list[dict[str, Any]]) -> Decide:
        """A function from a request to the id of the rule that decides."""
        return load_policy_engine(rules)


class IndexedLoop(Peer):
    """The hand-written loop over the rules of the request's task."""

    name = "indexed_loop"
    group = "base"
    note = "by hand: rules by task in a dict, then a loop"

    def load(self, rules: list[dict[str, Any]]) -> Decide:
        """A function from a request to the id of the rule that decides."""
        return indexed_loop(rules)


def load_policy_engine(rules: list[dict[str, Any]]) -> Decide:
    """The rules written to files, built, and asked by `decide`; a request is converted when first seen."""
    from policy_engine import Request, build, decide

    with tempfile.TemporaryDirectory() as folder:
        write_bundle(rules, Path(folder), files=-(-len(rules) // 250))
        result = build(folder)
    policy_set = result.policy_set
    if policy_set is None:
        raise ValueError("; ".join(diagnostic.message for diagnostic in result.report.errors[:3]))
    ids: dict[str | None, int] = {None: NOBODY, **{f"r{rule['id']}": rule["id"] for rule in rules}}
    # INVARIANT: the harness keeps its requests alive, so that an id stands for one of them.
    made: dict[int, Request] = {}

    def answer(asked: dict[str, Any]) -> int:
        request = made.get(id(asked))
        if request is None:
            attributes = {"tenant": asked["tenant"], "tier": asked["tier"]}
            request = made[id(asked)] = Request(task=asked["task"], input=asked["text"], attributes=attributes)
        return ids[decide(policy_set, request).rule]

    return answer


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints a table per number of rules; the exit code is 1 if a peer answered wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", default="10,100,1000,10000")
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--budget-s", type=float, default=0.5, help="seconds for a peer in a round, roughly")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    wrong = 0
    for rules in map(int, options.rules.split(",")):
        wrong += _measure(rules, options)
    return 1 if wrong else 0


def _measure(rules: int, options: argparse.Namespace) -> int:
    made = workload(rules=rules, requests=options.requests, seed=options.seed)
    expected = [reference(made.rules, request) for request in made.requests]
    lengths = sorted(request["chars"] for request in made.requests)
    hits = sum(answer != NOBODY for answer in expected) / len(expected)
    print(
        f"\n## {rules:,} rules, {len(expected):,} requests: {hits:.0%} hit a rule, "
        f"prompts of {lengths[0]:,} to {lengths[-1]:,} characters, median {lengths[len(lengths) // 2]:,}"
    )
    loaders: dict[str, Callable[[list[dict[str, Any]]], Decide]] = {
        OURS: load_policy_engine,
        "naive loop": naive_loop,
        "indexed loop": indexed_loop,
        **engines(),
    }
    entrants, wrong = [], 0
    for name, load in loaders.items():
        entrant, mistakes = entrant_of(name, load(made.rules), made.requests, expected, budget_s=options.budget_s)
        entrants.append(entrant)
        wrong += mistakes
        if mistakes:
            print(f"{name}: {mistakes} WRONG answers")
    run_rounds(entrants, made.requests, rounds=options.rounds)
    print_table(entrants)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
