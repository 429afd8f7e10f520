"""Bundles in which every file carries the same number, so that a decision shows whether files of two were mixed."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from policy_engine.engine import Engine
from policy_engine.model.decision import Decision
from policy_engine.model.request import Request

TASKS = ("greet", "ask", "chat")

MAIN = """\
version: 1
tasks: [{tasks}]
providers:
  local: {{kind: openai, base_url: "http://localhost:1"}}
models:
  small: {{provider: local, model: m, price: {{input: 1, output: 1}}, context: 8k}}
tiers:
  - {{name: only, models: [small]}}
rules:
  - name: greeting
    when: {{task: greet}}
    then: {{respond: {{template: templates/greeting.txt}}, tags: [main-{number}]}}
  - name: asking
    when: {{task: ask}}
    then: {{respond: {{text: "number {number}"}}, tags: [main-{number}]}}
default: {{route: only, tags: [main-{number}]}}
"""
TAGGING = """\
rules:
  - name: tagging-{name}
    priority: 1
    then: {{tags: [{name}-{number}]}}
"""
OTHER = """\
rules:
  - name: other-{name}
    when: {{task: chat, message: {{chars: {{gt: 1M}}}}}}
    then: {{respond: {{text: "number {number}"}}}}
"""


def numbered_files(number: int, *, count: int = 4) -> dict[str, str]:
    """Contents by path: a main file, a template, and `count` more, of which the first few tag every decision."""
    files = {
        "main.yaml": MAIN.format(number=number, tasks=", ".join(TASKS)),
        "templates/greeting.txt": f"number {number}",
    }
    for index in range(count):
        text = TAGGING if index < 8 else OTHER
        files[f"part{index % 10}/f{index}.yaml"] = text.format(name=f"f{index}", number=number)
    return files


def write_files(folder: Path, files: dict[str, str]) -> None:
    """Writes files in place, making folders as needed."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def numbers_in(decision: Decision) -> set[int]:
    """Every number that a decision's tags and text carry."""
    said = " ".join((*decision.tags, str(decision.plan.to_json())))
    return {int(number) for number in re.findall(r"(?:-|number )(\d+)", said)}


class Reader:
    """Decides without pause in a thread, and keeps every set of numbers it has seen; use it in a `with`."""

    def __init__(self, engine: Engine) -> None:
        self.decisions = 0
        self.seen: list[set[int]] = []
        self.errors: list[BaseException] = []
        self.longest_pause_s = 0.0
        self._engine = engine
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    @property
    def mixed(self) -> list[set[int]]:
        """What was seen that is not exactly one number."""
        return [numbers for numbers in self.seen if len(numbers) != 1]

    def _run(self) -> None:
        requests = [Request(task=task, input="hello") for task in TASKS]
        last_s = time.perf_counter()
        try:
            while not self._stop.is_set():
                for request in requests:
                    numbers = numbers_in(self._engine.decide(request))
                    self.decisions += 1
                    now_s = time.perf_counter()
                    self.longest_pause_s, last_s = max(self.longest_pause_s, now_s - last_s), now_s
                    if not self.seen or self.seen[-1] != numbers:
                        self.seen.append(numbers)
        except BaseException as error:  # noqa: BLE001  (told by the test)
            self.errors.append(error)


def number_of(engine: Engine) -> set[int]:
    """The number of the live policies."""
    return numbers_in(engine.decide(Request(task="greet", input="hello")))
