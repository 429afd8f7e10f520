"""
Outcomes files from RouteLLM's recorded answers of two models to MMLU or GSM8K.

    python benchmarks/outcomes_mmlu.py mmlu.jsonl --out outcomes.jsonl            every question
    python benchmarks/outcomes_mmlu.py mmlu.jsonl --half 1 --out second.jsonl     every other one

A line of theirs has `id`, `subject`, `prompt`, `weak_ok`, `strong_ok`; here the subject is the task, a right answer
scores 1 and a wrong one 0. They recorded no tokens and no prices, so a call's cost is made up, the same way for both
models: prompt bytes / 4 input tokens and one output token (the letter), at the prices given.

They recorded no token probabilities either. `--confidence` adds a stand-in for the weak model's: the share of the
*other* half's questions of the same subject and of about the same length that it got right. It says how such questions
went, not how sure the model was; it is there so that a cascade has a gate to be tried with.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
PRIOR = 4
"""So many made-up questions at the subject's own rate steady a rate that few real ones tell."""


def rows_of(path: Path) -> list[Row]:
    """The recorded questions, less those that the models may have been trained on."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row for row in rows if not row.get("contaminated")]


def half_of(rows: Iterable[Row], half: int | None) -> list[Row]:
    """Every other question, the even ones for 0, the odd ones for 1; all for None."""
    return [row for place, row in enumerate(rows) if half is None or place % 2 == half]


def tokens_of(text: str) -> int:
    """UTF-8 bytes / 4, rounded up."""
    return -(-len(text.encode()) // 4)


def cost_usd(row: Row, price: tuple[Decimal, Decimal]) -> Decimal:
    """What a call costs at (input, output) USD per million tokens."""
    return (tokens_of(row["prompt"]) * price[0] + price[1]) / 1_000_000


def stand_in(rows: list[Row]) -> dict[str, float]:
    """For each question how often the weak model got those like it right in the other half."""
    found: dict[str, float] = {}
    for half in (0, 1):
        told = list(_learned(half_of(rows, 1 - half)))
        by_subject, by_kind = dict(told[0]), dict(told[1])
        for row in half_of(rows, half):
            right, asked = by_subject.get(row["subject"], (1, 2))
            near, of = by_kind.get(_kind(row), (0, 0))
            found[row["id"]] = round((near + PRIOR * right / asked) / (of + PRIOR), 4)
    return found


def _learned(rows: list[Row]) -> Iterator[dict[Any, tuple[int, int]]]:
    for key in (lambda row: row["subject"], _kind):
        counts: dict[Any, tuple[int, int]] = {}
        for row in rows:
            right, asked = counts.get(key(row), (0, 0))
            counts[key(row)] = right + row["weak_ok"], asked + 1
        yield counts


def _kind(row: Row) -> tuple[str, int]:
    return row["subject"], len(row["prompt"]).bit_length()


def line_of(row: Row, prices: Mapping[str, tuple[Decimal, Decimal]], confidence: float | None) -> str:
    """One line of an outcomes file."""
    weak: dict[str, Any] = {"score": float(row["weak_ok"]), "cost_usd": float(cost_usd(row, prices["weak"]))}
    if confidence is not None:
        weak["confidence"] = confidence
    strong = {"score": float(row["strong_ok"]), "cost_usd": float(cost_usd(row, prices["strong"]))}
    request = {"id": row["id"], "task": row.get("subject", "gsm8k"), "input": row["prompt"]}
    return json.dumps({**request, "outcomes": {"weak": weak, "strong": strong}}, ensure_ascii=False)


def prices_of(weak: str, strong: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Prices as options give them: `INPUT,OUTPUT`, USD per million tokens."""
    read = {name: text.split(",") for name, text in (("weak", weak), ("strong", strong))}
    return {name: (Decimal(pair[0]), Decimal(pair[1])) for name, pair in read.items()}


WEAK_PRICE, STRONG_PRICE = "0.24,0.24", "10,30"
"""Assumed: about what Mixtral 8x7B and GPT-4 Turbo cost when these answers were recorded."""


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--confidence", action="store_true")
    parser.add_argument("--weak-price", default=WEAK_PRICE)
    parser.add_argument("--strong-price", default=STRONG_PRICE)
    given = parser.parse_args()
    rows = rows_of(given.recorded)
    confidences = stand_in(rows) if given.confidence else {}
    prices = prices_of(given.weak_price, given.strong_price)
    chosen = half_of(rows, given.half)
    lines = [line_of(row, prices, confidences.get(row["id"])) for row in chosen]
    given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} questions in {given.out}")


if __name__ == "__main__":
    main()
