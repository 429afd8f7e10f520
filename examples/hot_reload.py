"""
Edits a copy of the policies while an engine serves from it: a good edit goes live, a broken one does not.

    python examples/hot_reload.py
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from policy_engine import Engine, Request

POLICIES = Path(__file__).parents[1] / "policies"
REQUEST = Request(task="classify_intent", input="I never got my second boot")
EFFECT = "then: {{route: {}, params: {{temperature: 0, max_tokens: 60}}}}"
WAIT_S = 10.0


def main() -> None:
    """Prints what the same request is answered by, after each edit."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "policies")
        # Without their tests, which would hold back the first edit; see docs/testing.md.
        shutil.copytree(POLICIES, folder, ignore=shutil.ignore_patterns("*_test.yaml"))
        with Engine.open(folder) as engine:
            show(engine, "as it is")

            edit(folder, old="fast", new="workhorse")
            engine.wait_for(lambda status: status.generation == 2, WAIT_S)
            show(engine, "after sending intents to the workhorse")

            edit(folder, old="workhorse", new="wrkhorse")
            engine.wait_for(lambda status: status.pending is not None, WAIT_S)
            show(engine, "after a slip of the finger")

            edit(folder, old="wrkhorse", new="fast")
            engine.wait_for(lambda status: status.generation == 3, WAIT_S)
            show(engine, "after putting it right")


def edit(folder: Path, *, old: str, new: str) -> None:
    """Changes where the rule `classify` routes to, as somebody with an editor would."""
    path = folder / "support.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(EFFECT.format(old), EFFECT.format(new)), encoding="utf-8")


def show(engine: Engine, when: str) -> None:
    """Prints the decision and, if the folder holds something that cannot go live, why."""
    decision, status = engine.decide(REQUEST), engine.status()
    print(f"{when}: generation {decision.generation}, {decision.rule} → {decision.model}")
    if status.pending is not None:
        print(f"  not live: {Path(status.pending.reason).relative_to(Path(status.folder).parent)}")


if __name__ == "__main__":
    main()
