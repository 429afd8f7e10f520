"""
Holds the compiled graph to the reference on many made-up policies and requests: `python -m tests.property.run`.

Bundles are drawn from a seed of their own; the same seed and number give the same run. It ends with status 1 and the
bundle, the request and both answers at the first disagreement.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from random import Random

from tests.property.agreement import Compared, built, compared
from tests.property.policies import Files, make_files
from tests.property.traffic import make_request
from tests.reference import Reference

REQUESTS = 20


def main() -> int:
    """Runs, prints what was decided how often, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.run", description=__doc__)
    parser.add_argument("--decisions", type=int, default=10_000, help="how many decisions to compare")
    parser.add_argument("--seed", type=int, help="where to start; drawn if left out")
    options = parser.parse_args()
    seed = Random().getrandbits(32) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    rng = Random(seed)
    counts: Counter[str] = Counter()
    while counts["decisions"] < options.decisions:
        files = make_files(rng)
        policy_set, reference = built(files), Reference(files)
        for _ in range(min(REQUESTS, options.decisions - counts["decisions"])):
            request = make_request(rng)
            result = compared(policy_set, reference, request)
            if not result.agree:
                print(f"disagreement after {counts['decisions']} decisions\n{told(files, request, result)}")
                return 1
            counts.update(("decisions", *marks(result)))
        counts["bundles"] += 1
    print(summary(counts))
    return 0


def marks(result: Compared) -> list[str]:
    """What to count a decision under."""
    decision = result.decision
    found = {"unknown": decision.unknown, "errors": decision.errors, "default": decision.rule is None}
    return [decision.effect, *(mark for mark, is_so in found.items() if is_so)]


def summary(counts: Counter[str]) -> str:
    """The counts as shares."""
    total = counts["decisions"]
    lines = [f"{total} decisions of {counts['bundles']} bundles, all agree"]
    words = {"unknown": "with something unknown", "errors": "with errors", "default": "decided by default"}
    for mark in ("unknown", "errors", "respond", "route", "cascade", "deny", "default"):
        lines.append(f"{counts[mark] / total:6.1%} {words.get(mark, mark)}")
    return "\n".join(lines)


def told(files: Files, request: object, result: Compared) -> str:
    """A disagreement in full."""
    untraced = {key: value for key, value in result.traced.to_json().items() if key != "trace"}
    return "\n".join(
        (
            f"files {json.dumps(files, ensure_ascii=False)}",
            f"request {json.dumps(request, ensure_ascii=False)[:5_000]}",
            f"decision {json.dumps(result.decision.to_json(), ensure_ascii=False)}",
            f"traced {json.dumps(untraced, ensure_ascii=False)}",
            f"reference {result.expected}",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
