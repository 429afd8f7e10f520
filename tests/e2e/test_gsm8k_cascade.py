"""A cascade over recorded answers to arithmetic problems comes to what one counts by hand, to the last digit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine import Engine, Request
from policy_engine.model.outcome import Outcome, Status
from tests.e2e.pages import TOP

SAMPLE = TOP / "tests" / "cases" / "gsm8k" / "sample.jsonl"
ROWS = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
# The gate is deterministic: first a final answer's marker, then a length. One of the answers has exactly 65 characters.
POLICY = """\
version: 1
tasks: [arithmetic]
providers: {recorded: {kind: replay, file: answers.jsonl}}
models:
  weak: {provider: recorded, model: weak, price: {input: 0.24, output: 0.24}}
  strong: {provider: recorded, model: strong, price: {input: 10, output: 30}}
tiers: [{name: cheap, models: [weak]}, {name: dear, models: [strong]}]
cascades:
  checked:
    steps:
      - {route: cheap, accept: {output: {matches: '####\\s*-?[0-9]', chars: {lte: 65}}}}
      - {route: dear}
default: {cascade: checked}
"""
Ask = Callable[[Engine, list[Request]], list[Outcome]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine whose models answer what the sample recorded, a token of a text being four bytes or the rest."""
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    with (tmp_path / "answers.jsonl").open("w", encoding="utf-8") as answers:
        for row in ROWS:
            told = {
                model: {
                    "text": row[f"{model}_response"],
                    "input_tokens": tokens(row["prompt"]),
                    "output_tokens": tokens(row[f"{model}_response"]),
                }
                for model in ("weak", "strong")
            }
            answers.write(json.dumps({"input": row["prompt"], "outcomes": told}) + "\n")
    with Engine.open(tmp_path, watch=False) as opened:
        yield opened


def tokens(text: str) -> int:
    """How many tokens a text is counted as."""
    return (len(text.encode("utf-8")) + 3) // 4


def one_by_one(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """By `complete`, in turn."""
    return [engine.complete(request) for request in requests]


def all_at_once(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """By `complete_async`, at the same time."""

    async def ask() -> list[Outcome]:
        async with engine:
            return await asyncio.gather(*(engine.complete_async(request) for request in requests))

    return asyncio.run(ask())


def in_pieces(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """By `stream`, in turn."""
    outcomes = []
    for request in requests:
        with engine.stream(request) as answer:
            text = "".join(piece.text for piece in answer)
        assert answer.outcome is not None
        assert answer.outcome.text == text
        outcomes.append(answer.outcome)
    return outcomes


@pytest.mark.parametrize("ask", [one_by_one, all_at_once, in_pieces])
def test_the_outcomes_are_those_of_a_count_by_hand(engine: Engine, ask: Ask) -> None:
    """Accuracy, escalations and dollars are equal to a count that knows only the file, the gate and the prices."""
    outcomes = ask(engine, [Request(input=row["prompt"]) for row in ROWS])

    right, escalated, nano_usd, calls = 0, 0, 0, []
    for row in ROWS:
        weak, strong = row["weak_response"], row["strong_response"]
        nano_usd += 240 * (tokens(row["prompt"]) + tokens(weak))
        _, marker, rest = weak.partition("####")
        if marker and rest.strip().lstrip("-")[0].isdigit() and len(weak) <= 65:
            right += row["weak_ok"]
            calls.append(["weak"])
        else:  # the weak call is paid for all the same
            escalated += 1
            nano_usd += 10_000 * tokens(row["prompt"]) + 30_000 * tokens(strong)
            right += row["strong_ok"]
            calls.append(["weak", "strong"])
    assert [outcome.status for outcome in outcomes] == [Status.ACCEPTED] * len(ROWS)
    assert [[call.model for call in outcome.calls] for outcome in outcomes] == calls
    assert sum(is_right(outcome, row) for outcome, row in zip(outcomes, ROWS, strict=True)) == right
    assert sum(outcome.escalations for outcome in outcomes) == escalated
    assert sum(outcome.cost_usd or Decimal(0) for outcome in outcomes) == Decimal(nano_usd).scaleb(-9)
    assert (right, escalated, len(ROWS)) == (5, 4, 8)


def test_the_last_answer_is_right_and_both_calls_are_paid(engine: Engine) -> None:
    """Of an escalated problem the record holds the weak call at its price, with the gate's verdict, and the strong."""
    outcome = engine.complete(Request(input="How many legs have 2 cats and 3 hens?"))

    weak, strong = outcome.calls
    assert (weak.model, weak.verdict, weak.cost_usd) == ("weak", "false", Decimal("0.0000108"))  # 10 in, 35 out
    assert (strong.model, strong.verdict, strong.cost_usd) == ("strong", None, Decimal("0.00016"))  # 10 in, 2 out
    assert (outcome.text, outcome.cost_usd) == ("14 legs.", Decimal("0.0001708"))


def is_right(outcome: Outcome, row: dict[str, Any]) -> bool:
    """Whether the text that came out is one that the file calls right."""
    return any(outcome.text == row[f"{model}_response"] and row[f"{model}_ok"] for model in ("weak", "strong"))
