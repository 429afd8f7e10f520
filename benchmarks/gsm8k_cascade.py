"""
A cascade with a deterministic gate on recorded answers to maths questions, beside a count that knows nothing of us.

    python benchmarks/gsm8k_cascade.py gsm8k.jsonl

Each line of the file has a `prompt`, what a weak and a strong model answered (`weak_response`, `strong_response`) and
whether each was right (`weak_ok`, `strong_ok`), as in the responses that RouteLLM publishes. The answers are replayed
through `Engine.complete`: the weak model first, whose answer is accepted if it has a final answer after `####` and at
least so many characters, else the strong one. Accuracy, escalations and dollars are then counted once more from the
file alone, in a loop of a dozen lines; the exit code is 1 if the two differ anywhere, to the last digit.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from policy_engine import Engine, Request

FEWEST_CHARS = 120
PRICES = {"weak": (Decimal("0.60"), Decimal("0.60")), "strong": (Decimal(10), Decimal(30))}  # USD per million tokens

POLICY = f"""
version: 1
tasks: [maths]
providers: {{recorded: {{kind: replay, file: outcomes.jsonl}}}}
models:
  weak: {{provider: recorded, model: weak, price: {{input: 0.60, output: 0.60}}, context: 32k}}
  strong: {{provider: recorded, model: strong, price: {{input: 10, output: 30}}, context: 128k}}
tiers: [{{name: fast, models: [weak]}}, {{name: frontier, models: [strong]}}]
cascades:
  checked:
    steps:
      - route: weak
        accept: {{output: {{matches: '####\\s*-?[\\d,.]*\\d', chars: {{gte: {FEWEST_CHARS}}}}}}}
      - route: strong
rules: [{{name: all, when: {{task: maths}}, then: {{cascade: checked}}}}]
default: {{route: strong}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a run came to: right answers, requests that went on to the strong model, and what was paid."""

    requests: int
    right: int
    escalated: int
    paid_for_weak_usd: Decimal
    paid_usd: Decimal

    def line(self, name: str) -> str:
        """The count for a person."""
        return (
            f"{name:<12} {self.requests} requests, accuracy {self.right / self.requests:.4f}, "
            f"escalation rate {self.escalated / self.requests:.4f}, ${self.paid_usd} "
            f"(of which ${self.paid_for_weak_usd} for the weak model)"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both counts and whether they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    recorded = [json.loads(line) for line in options.file.read_text(encoding="utf-8").splitlines() if line.strip()]
    ours, theirs = through_the_engine(recorded), by_hand(recorded)
    print(ours.line("engine"))
    print(theirs.line("by hand"))
    print("the same" if ours == theirs else "DIFFERENT")
    return 0 if ours == theirs else 1


def through_the_engine(recorded: Sequence[Mapping[str, Any]]) -> Count:
    """Every request decided and carried out as when serving, from a folder of policies and recorded answers."""
    right = escalated = 0
    paid = {"weak": Decimal(0), "strong": Decimal(0)}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "policy.yaml").write_text(POLICY, encoding="utf-8")
        lines = [json.dumps(outcomes_of(one)) for one in recorded]
        (Path(folder) / "outcomes.jsonl").write_text("\n".join(lines), encoding="utf-8")
        with Engine.open(folder, watch=False) as engine:
            for one in recorded:
                outcome = engine.complete(Request(id=one["id"], task="maths", input=one["prompt"]))
                last = outcome.calls[-1].model
                right += one[f"{last}_ok"] is True
                escalated += outcome.escalations
                for call in outcome.calls:
                    assert call.cost_usd is not None
                    paid[call.model] += call.cost_usd
    return Count(
        requests=len(recorded),
        right=right,
        escalated=escalated,
        paid_for_weak_usd=paid["weak"],
        paid_usd=paid["weak"] + paid["strong"],
    )


def by_hand(recorded: Sequence[Mapping[str, Any]]) -> Count:
    """The same from the file alone: the weak call is always paid, the strong one where the weak answer fails."""
    right = escalated = 0
    weak_usd = strong_usd = Decimal(0)
    for one in recorded:
        weak_usd += price(one, "weak")
        answer = one["weak_response"]
        if re.search(r"####\s*-?[0-9,.]*[0-9]", answer) and len(answer) >= FEWEST_CHARS:
            right += one["weak_ok"]
        else:
            escalated += 1
            strong_usd += price(one, "strong")
            right += one["strong_ok"]
    return Count(
        requests=len(recorded),
        right=right,
        escalated=escalated,
        paid_for_weak_usd=weak_usd,
        paid_usd=weak_usd + strong_usd,
    )


def outcomes_of(one: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the file as a recorded request; tokens are four bytes each, since the file does not count them."""
    outcomes = {
        model: {
            "text": one[f"{model}_response"],
            "input_tokens": tokens(one["prompt"]),
            "output_tokens": tokens(one[f"{model}_response"]),
        }
        for model in PRICES
    }
    return {"id": one["id"], "input": one["prompt"], "outcomes": outcomes}


def price(one: Mapping[str, Any], model: str) -> Decimal:
    """What a call cost, USD."""
    inward, outward = PRICES[model]
    return (inward * tokens(one["prompt"]) + outward * tokens(one[f"{model}_response"])) / 1_000_000


def tokens(text: str) -> int:
    """Four bytes each, rounded up."""
    return -(-len(text.encode()) // 4)


if __name__ == "__main__":
    sys.exit(main())
