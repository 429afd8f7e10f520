"""A world for executions in tests: it answers from a script and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.executor.drive import drive
from policy_engine.executor.execute import execute
from policy_engine.model.call import Failure, FailureKind, Reply, Usage
from policy_engine.model.commands import Answer, Call, Command, Grant, Open, Opened, Relay, Reserve, Settle
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome
from policy_engine.model.request import Request
from policy_engine.pipeline import build

POLICIES = """
version: 1
tasks: [chat, deny, canned, plain]
attributes: {name: {type: string, default: you}}
providers: {openai: {kind: openai, api_key: "${KEY}"}, eu: {kind: openai, base_url: "http://eu.test/v1", tags: [eu]}}
models:
  small: {provider: openai, model: s, price: {input: 1, output: 2}, context: 100k, max_output: 1000}
  spare: {provider: openai, model: p, price: {input: 1, output: 2}, context: 100k, max_output: 1000}
  large: {provider: openai, model: l, price: {input: 10, output: 20}, context: 100k, max_output: 1000}
  judge: {provider: eu, model: j, price: {input: 1, output: 1}, context: 100k}
tiers: [{name: fast, models: [small, spare]}, {name: strong, models: [large]}]
cascades:
  careful:
    steps:
      - {route: small, accept: {output: {chars: {gte: 10}}}}
      - {route: large, accept: {output: {contains: yes}}}
      - {route: spare}
    limits: {LIMITS}
rules:
  - {name: deny, when: {task: deny}, on_unknown: skip, then: {deny: {status: 403, message: not here}}}
  - name: canned
    when: {task: canned, message: {matches: 'order (?P<number>\\d+)'}}
    then: {respond: {template: order.txt}}
  - {name: plain, when: {task: plain}, then: {route: fast}}
default: {cascade: careful}
"""
TEMPLATE = "Order ${number} for ${attributes.name}."


def policy_set(folder: Path, limits: str = "escalations: 2", extra: str = "") -> PolicySet:
    """The policies above with these limits, and rules put before the others."""
    text = POLICIES.replace("LIMITS", limits).replace("rules:\n", f"rules:\n{extra}")
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    (folder / "order.txt").write_text(TEMPLATE, encoding="utf-8")
    result = build(folder)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


def reply(text: str, *, output_tokens: int = 10, logprobs: tuple[float, ...] | None = None) -> Reply:
    """An answer of 100 input tokens."""
    return Reply(
        message={"role": "assistant", "content": text},
        finish_reason="stop",
        usage=Usage(input_tokens=100, output_tokens=output_tokens),
        elapsed_s=0.5,
        logprobs=logprobs,
    )


def failure(kind: FailureKind, *, may_be_billed: bool = False) -> Failure:
    """A failed call."""
    return Failure(kind=kind, message=str(kind), elapsed_s=0.1, may_be_billed=may_be_billed)


class ScriptedWorld:
    """Answers calls by model from a script, each call taking `call_s` seconds, and keeps every command."""

    def __init__(self, answers: Mapping[str, Sequence[Reply | Failure]], call_s: float = 1.0) -> None:
        self.commands: list[Command] = []
        self._answers = {model: list(replies) for model, replies in answers.items()}
        self._call_s = call_s
        self._now_s = 0.0

    @property
    def called(self) -> list[str]:
        """The models that were called, in order."""
        return [command.model for command in self.commands if isinstance(command, Call | Open)]

    def do(self, command: Command) -> Answer:
        """The scripted reply."""
        self.commands.append(command)
        return Answer(value=self._value(command), now_s=self._now_s)

    def _value(self, command: Command) -> Any:
        match command:
            case Reserve():
                return Grant(token=len(self.commands))
            case Call(model=model):
                self._now_s += self._call_s
                return self._answers[model].pop(0)
            case Open(model=model):
                self._now_s += self._call_s
                answer = self._answers[model][0]
                return Opened(stream=model) if isinstance(answer, Reply) else self._answers[model].pop(0)
            case Relay(stream=model):
                return self._answers[model].pop(0)
        return None


def carried_out(
    policies: PolicySet, world: ScriptedWorld, request: Request | None = None, *, streaming: bool = False
) -> Outcome:
    """What a request comes to."""
    asked = request or Request(task="chat", input="hello")
    facts = Facts(asked, policies.layout)
    decision = decide(policies, asked)
    return drive(execute(decision, facts, policies, now_s=0.0, streaming=streaming), world)


def reserved(world: ScriptedWorld) -> list[Any]:
    """The bounds that were set aside."""
    return [command.worst_usd for command in world.commands if isinstance(command, Reserve)]


def settled(world: ScriptedWorld) -> list[Any]:
    """What was settled in the end."""
    return [command.paid_usd for command in world.commands if isinstance(command, Settle)]
