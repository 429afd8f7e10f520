"""
Three policies on RouteLLM's recorded MMLU answers, side by side in one HTML report, checked by a second computation.

    python benchmarks/replay_mmlu.py mmlu.jsonl --out folder

Writes outcomes of the second half of the questions and three bundles, and replays them with `policy-engine replay`:

    table     subjects whose gain from the strong model was large in the *first* half go to it; the cut-off is swept
    length    long questions go to the strong model; the length is swept
    cascade   the weak model answers, and the strong one where a stand-in for its confidence is low (see
              outcomes_mmlu.py: the recording has none); the threshold is swept

Then accuracy, cost, calls, APGR and CPT are computed again from the recording alone, by other code, and compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.append(HERE)

from outcomes_mmlu import (  # noqa: E402  (found through the path set above)
    STRONG_PRICE,
    WEAK_PRICE,
    Row,
    cost_usd,
    half_of,
    line_of,
    prices_of,
    rows_of,
    stand_in,
)

PRICES = prices_of(WEAK_PRICE, STRONG_PRICE)
HEAD = """\
version: 1
tasks: [{tasks}]
providers: {{recorded: {{kind: fake}}}}
models:
  weak: {{provider: recorded, model: mixtral-8x7b, price: {{input: 0.24, output: 0.24}}}}
  strong: {{provider: recorded, model: gpt-4-turbo, price: {{input: 10, output: 30}}}}
tiers: [{{name: cheap, models: [weak]}}, {{name: dear, models: [strong]}}]
"""
LENGTHS = [150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 1000, 1300, 1700]
GAINS = [-0.05, 0.0, 0.05, 0.08, 0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5]
TRUSTED = [0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]


def gains(rows: Sequence[Row]) -> dict[str, float]:
    """By subject how much more often the strong model was right."""
    by_subject: dict[str, list[int]] = {}
    for row in rows:
        by_subject.setdefault(row["subject"], []).append(row["strong_ok"] - row["weak_ok"])
    return {subject: round(sum(told) / len(told), 4) for subject, told in by_subject.items()}


def write_bundles(out: Path, rows: Sequence[Row], learned: Mapping[str, float]) -> None:
    """The three policy folders."""
    head = HEAD.format(tasks=", ".join(sorted({row["subject"] for row in rows})))
    points = "\n".join(f"    - {{when: {{task: {name}}}, points: {gain}}}" for name, gain in learned.items() if gain)
    table = f"scores:\n  gain:\n{points}\nrules:\n  - {{name: gains, when: {{score: {{gain: {{gte: 0.16}}}}}}, "
    bundles = {
        "table": table + "then: {route: dear}}\ndefault: {route: cheap}\n",
        "length": "rules:\n  - {name: long, when: {message: {chars: {gt: 400}}}, then: {route: dear}}\n"
        "default: {route: cheap}\n",
        "cascade": "cascades:\n  unsure:\n    steps:\n      - {route: cheap, accept: {output: {confidence: "
        "{gte: 0.6}}}}\n      - {route: dear}\n    limits: {escalations: 1}\ndefault: {cascade: unsure}\n",
    }
    for name, text in bundles.items():
        (out / name).mkdir(parents=True, exist_ok=True)
        (out / name / "policy.yaml").write_text(head + text, encoding="utf-8")


def replayed(out: Path) -> dict[str, Any]:
    """What `policy-engine replay` says; it writes `report.html` too."""
    sweeps = {
        "table": ("$.rules[0].when.score.gain.gte", GAINS),
        "length": ("$.rules[0].when.message.chars.gt", LENGTHS),
        "cascade": ("$.cascades.unsure.steps[0].accept.output.confidence.gte", TRUSTED),
    }
    command = [sys.executable, "-m", "policy_engine", "replay", *(str(out / name) for name in sweeps)]
    command += ["--outcomes", str(out / "outcomes.jsonl"), "--html", str(out / "report.html"), "--format", "json"]
    for name, (place, values) in sweeps.items():
        command += ["--sweep", f"{out / name / 'policy.yaml'}:{place}={','.join(map(str, values))}"]
    written = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    first = {"name": written["name"], "policy": written["policy"], "curve": written["curve"]}
    return {one["name"]: one for one in (first, *written["others"])}


def recomputed(rows: Sequence[Row], goes_up: Callable[[Row], bool], *, pays_both: bool) -> tuple[float, float, float]:
    """(share of strong calls, accuracy, cost in USD) of a rule, from the recording alone."""
    up = [goes_up(row) for row in rows]
    right = sum(row["strong_ok"] if is_up else row["weak_ok"] for row, is_up in zip(rows, up, strict=True))
    paid = Decimal(0)
    for row, is_up in zip(rows, up, strict=True):
        strong, weak = cost_usd(row, PRICES["strong"]), cost_usd(row, PRICES["weak"])
        paid += (strong + weak if pays_both else strong) if is_up else weak
    return sum(up) / len(rows), right / len(rows), float(paid)


def measures(rows: Sequence[Row], settings: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    """APGR and CPT of settings, by the definitions, with nothing of the product."""
    weak = sum(row["weak_ok"] for row in rows) / len(rows)
    strong = sum(row["strong_ok"] for row in rows) / len(rows)
    curve = sorted([(0.0, weak), *((calls, score) for calls, score, _ in settings), (1.0, strong)], key=lambda p: p[0])
    width = [b[0] - a[0] for a, b in pairwise(curve)]
    height = [(a[1] + b[1]) / 2 - weak for a, b in pairwise(curve)]
    found = {"apgr": sum(w * h for w, h in zip(width, height, strict=True)) / (strong - weak)}
    for goal in (0.2, 0.5, 0.8):
        wanted = weak + goal * (strong - weak)
        right = next(place for place, (_, score) in enumerate(curve) if score >= wanted)
        (x0, y0), (x1, y1) = curve[right - 1], curve[right]
        found[f"{goal:.0%}"] = x0 + (wanted - y0) / (y1 - y0) * (x1 - x0)
    return found


def main() -> int:
    """Replays, compares, prints, and returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recorded", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = rows_of(given.recorded)
    learned, confidences, applied = gains(half_of(rows, 0)), stand_in(rows), half_of(rows, 1)
    given.out.mkdir(parents=True, exist_ok=True)
    lines = [line_of(row, PRICES, confidences[row["id"]]) for row in applied]
    (given.out / "outcomes.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_bundles(given.out, rows, learned)
    told = replayed(given.out)
    rules: Mapping[str, tuple[Callable[[float], Callable[[Row], bool]], float, Sequence[float]]] = {
        "table": (lambda cut: lambda row: learned.get(row["subject"], 0.0) >= cut, 0.16, GAINS),
        "length": (lambda cut: lambda row: len(row["prompt"]) > cut, 400, LENGTHS),
        "cascade": (lambda cut: lambda row: confidences[row["id"]] < cut, 0.6, TRUSTED),
    }
    wrong = 0
    print(f"{len(applied)} questions, learned on the other {len(rows) - len(applied)}")
    for name, (rule, written, cuts) in rules.items():
        both = name == "cascade"
        calls, score, paid = recomputed(applied, rule(written), pays_both=both)
        again = measures(applied, [recomputed(applied, rule(cut), pays_both=both) for cut in (written, *cuts)])
        policy, curve = told[name]["policy"], told[name]["curve"]
        ours = [policy["score"], policy["cost_usd"], policy["calls"].get("strong", 0) / len(applied), curve["apgr"]]
        ours += list(curve["cpt"].values())
        theirs = [score, paid, calls, *again.values()]
        same = all(abs(one - other) < 1e-9 for one, other in zip(ours, theirs, strict=True))
        wrong += not same
        cpt = ", ".join(f"CPT({goal}) {at:.1%}" for goal, at in curve["cpt"].items())
        print(
            f"{name:8} accuracy {policy['score']:.4f}  ${policy['cost_usd']:.4f}  {calls:.1%} strong  "
            f"APGR {curve['apgr']:.4f}  {cpt}  {'as computed apart' if same else f'BUT {theirs}'}"
        )
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
