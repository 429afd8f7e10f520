"""A cascade whose gate is deterministic, on recorded answers: what it comes to is what a count by hand comes to."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONG = (
    "We count the apples one after the other, and we find that there are exactly as many as the question says there "
    "are. "
)
LINES = [
    # accepted and right: 26 tokens in, 31 out
    {"id": "a", "prompt": "p" * 104, "weak_ok": True, "weak_response": LONG + "#### 18", "strong_ok": True},
    # accepted and wrong: whether an answer is right is nothing that a gate could see
    {"id": "b", "prompt": "q" * 4, "weak_ok": False, "weak_response": LONG + "#### -7", "strong_ok": True},
    # a final answer, but too short: escalated, and right
    {"id": "c", "prompt": "r" * 5, "weak_ok": True, "weak_response": "#### 3", "strong_ok": True},
    # long enough, without a final answer: escalated, and wrong
    {"id": "d", "prompt": "s" * 8, "weak_ok": True, "weak_response": LONG + "It is 12.", "strong_ok": False},
]
STRONG_RESPONSE = "It is so. €"  # 13 bytes, 4 tokens


def test_recorded_answers_come_to_what_they_come_to_by_hand(tmp_path: Path) -> None:
    """Accuracy, escalations and dollars equal an independent count, the weak call being paid for when escalated."""
    recorded = tmp_path / "recorded.jsonl"
    recorded.write_text("\n".join(json.dumps({**line, "strong_response": STRONG_RESPONSE}) for line in LINES))

    ran = subprocess.run(
        [sys.executable, "benchmarks/gsm8k_cascade.py", str(recorded)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    # weak, in and out: 26+31, 1+31, 2+2, 2+32 tokens at 0.60; strong: 2+2 tokens in at 10, 4+4 out at 30, each per 1M
    said = "4 requests, accuracy 0.5000, escalation rate 0.5000, $0.0003562 (of which $0.0000762 for the weak model)"
    assert ran.stdout.splitlines() == [f"engine       {said}", f"by hand      {said}", "the same"]
    assert ran.returncode == 0
