"""Small bundles, and stores that do not wait, for tests of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from policy_engine.store.settle import Patience
from policy_engine.store.store import Store

AT_ONCE = Patience(gap_s=0, quiet_s=0, quiet_many_s=0, blink_s=0)

HEAD = """\
version: 1
tasks: [ask]
providers:
  local: {kind: openai, base_url: "http://localhost:1"}
models:
  small: {provider: local, model: m, price: {input: 1, output: 1}, context: 8k}
default: {route: small}
"""


def bundle_text(answer: str = "one", *, rules: int = 1) -> str:
    """A bundle of one file, whose rules answer the task `ask`, the first of them with `answer`."""
    lines = [
        f"  - {{name: r{n}, when: {{task: ask, message: {{chars: {{gt: {n}}}}}}}, " for n in reversed(range(rules))
    ]
    texts = [line + f'then: {{respond: {{text: "{answer}"}}}}}}\n' for line in lines]
    return HEAD + ("rules:\n" + "".join(texts) if texts else "")


def write_bundle(folder: Path, answer: str = "one", *, rules: int = 1) -> Path:
    """Writes that bundle into the folder and gives the file back."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "policy.yaml"
    file.write_text(bundle_text(answer, rules=rules), encoding="utf-8")
    return file


def open_store(folder: Path, **options: Any) -> Store:
    """A store that takes a folder for settled as soon as two looks agree."""
    return Store(str(folder), **{"patience": AT_ONCE, **options})
