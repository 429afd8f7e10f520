"""Executions that try models in another order than the written one."""

from pathlib import Path

from policy_engine.evaluator.decide import decide
from policy_engine.executor.drive import drive
from policy_engine.executor.execute import execute
from policy_engine.executor.order import Order
from policy_engine.model.call import Failure, FailureKind
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.executor.worlds import ScriptedWorld, carried_out, failure, policy_set, reply

LONG = "a long answer, no doubt"


def test_a_model_that_cools_is_tried_last_in_its_route(tmp_path: Path) -> None:
    """It keeps its place in no other way: it is still tried where the others fail, and the outcome tells."""
    down = failure(FailureKind.SERVER)
    world = ScriptedWorld({"spare": [down], "small": [reply(LONG)]})
    policies = policy_set(tmp_path)
    request = Request(task="plain", input="x")
    facts = Facts(request, policies.layout)
    order = Order(cooling={"small": 9.0})

    outcome = drive(execute(decide(policies, request), facts, policies, now_s=0.0, order=order), world)

    assert (world.called, outcome.text, outcome.put_off) == (["spare", "small"], LONG, ("small",))


def test_a_model_that_asked_to_be_left_alone_is_not_the_first_of_the_next_step(tmp_path: Path) -> None:
    """What a provider says with its `retry-after` holds for the rest of the same request."""
    extra = "  - {name: twice, when: {task: plain}, then: {cascade: twice}}\n"
    steps = "[{route: fast, accept: {output: {chars: {gte: 10}}}}, {route: fast}]"
    (tmp_path / "twice.yaml").write_text(f"cascades: {{twice: {{steps: {steps}}}}}\n", encoding="utf-8")
    limited = Failure(kind=FailureKind.RATE_LIMIT, message="slow down", elapsed_s=0.1, retry_after_s=60.0)
    world = ScriptedWorld({"small": [limited], "spare": [reply("short"), reply(LONG)]})

    outcome = carried_out(policy_set(tmp_path, extra=extra), world, Request(task="plain", input="x"))

    assert (world.called, outcome.text, outcome.put_off) == (["small", "spare", "spare"], LONG, ("small",))


def test_a_kept_model_goes_first_where_the_route_has_it(tmp_path: Path) -> None:
    """Another route does not get it, and the outcome says whether it was kept."""
    policies = policy_set(tmp_path)
    outcomes = []
    for task in ("plain", "chat"):
        request = Request(task=task, input="x")
        world = ScriptedWorld({"spare": [reply(LONG)], "small": [reply(LONG)]})
        facts = Facts(request, policies.layout)
        execution = execute(decide(policies, request), facts, policies, now_s=0.0, order=Order(kept="spare"))
        outcomes.append((world, drive(execution, world)))

    assert [(world.called, outcome.kept) for world, outcome in outcomes] == [(["spare"], "spare"), (["small"], None)]
