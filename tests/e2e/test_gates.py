"""Every test that a gate can make of an answer, over real sockets, in both wire formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policy_engine import Engine, Request
from policy_engine.model.outcome import Status
from tests.e2e.wires import ANTHROPIC, OPENAI, STREAM_WAYS, WHOLE_WAYS, Ask, Wire
from tests.servers.openai_wire import completion_answer
from tests.servers.scripted import Answer, ScriptedServer

POLICY = """\
version: 1
attributes: {plan: {type: string}}
signals: {mood: {type: string}}
providers:
  near: {kind: %(kind)s, base_url: "%(near)s", api_key: "${PE_TEST_KEY}", retries: 0}
  far: {kind: %(kind)s, base_url: "%(far)s", api_key: "${PE_TEST_KEY}", retries: 0}
  judges: {kind: openai, base_url: "%(judge)s/v1", retries: 0}
models:
  small: {provider: near, model: s-1, price: {input: 1, output: 1}, max_output: 100}
  large: {provider: far, model: l-1, price: {input: 9, output: 9}, max_output: 100}
  judge: {provider: judges, model: j-1, price: {input: 1, output: 1}}
conditions: {free: {attributes: {plan: free}}, paid: {attributes: {plan: pro}}}
scores: {ease: [{when: {message: {chars: {lt: 100}}}, points: 1}]}
cascades: {gated: {steps: [{route: small, accept: ACCEPT}, {route: large}]}}
default: {cascade: gated}
"""
SCHEMA = '{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}'
# What a gate asks, an answer that it accepts, and one that it does not.
GATES = [
    ("{output: {chars: {gte: 10}}}", "long enough for it", "short"),
    ("{output: {words: {gte: 3, lt: 6}}}", "three words here", "two words"),
    ("{output: {lines: {eq: 2}}}", "one\ntwo", "one"),
    ("{output: {tokens: {eq: 3}}}", "by the provider's count", None),
    ("{output: {tokens: {gt: 3}}}", None, "by the provider's count"),
    ("{output: {matches: 'order \\d+'}}", "order 42", "order x"),
    ("{output: {contains: yes}}", "Yes, we do", "yesterday"),
    ("{output: {sections: ['## Answer', '## Sources']}}", "## Answer\nx\n## Sources\ny", "## Answer\nx"),
    ("{output: {json: true}}", '{"a": 1}', "{no"),
    ("{output: {json_schema: reply.json}}", '{"a": 1}', '{"a": "1"}'),
    ("{output: {one_of: [approve, reject]}}", "approve", "perhaps"),
    ("{output: {finish_reason: stop}}", "done", None),
    ("{output: {finish_reason: {ne: stop}}}", None, "done"),
    ("{expr: 'output.chars > 5 and not output.json'}", "a sentence", '{"a": 1}'),
    ("{any: [{output: {json: true}}, {output: {chars: {gte: 10}}}]}", "a long sentence", "short"),
    ("{not: {output: {contains: sorry}}}", "Of course", "Sorry, no"),
    ("{condition: free, output: {chars: {gte: 10}}}", "long enough for it", "short"),
    ("{condition: paid}", None, "whatever"),
    ("{score: {ease: {gte: 1}}, output: {chars: {gte: 10}}}", "long enough for it", "short"),
    ("{score: {ease: {lt: 1}}}", None, "whatever"),
    ("{signal: {mood: calm}, output: {chars: {gte: 1}}}", "whatever", None),
    ("{signal: {mood: angry}}", None, "whatever"),
    ("{attributes: {plan: free}, output: {chars: {gte: 1}}}", "whatever", None),
    ("{attributes: {plan: pro}}", None, "whatever"),
]
REQUEST = Request(input="Do you ship abroad?", attributes={"plan": "free"})
BETTER = "the large model's answer"
Open = Callable[..., Engine]

WIRES = pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])


@pytest.fixture
def near() -> Iterator[ScriptedServer]:
    """The server of the small model."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def far() -> Iterator[ScriptedServer]:
    """The server of the large model."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def judge() -> Iterator[ScriptedServer]:
    """The server of the judge."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def open_engine(
    near: ScriptedServer, far: ScriptedServer, judge: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Opens an engine whose first step has this gate."""
    monkeypatch.setenv("PE_TEST_KEY", "sk-secret")
    opened: list[Engine] = []

    def open_one(accept: str, wire: Wire) -> Engine:
        urls = {"near": wire.base_url(near.url), "far": wire.base_url(far.url), "judge": judge.url}
        policy = (POLICY % {"kind": wire.kind, **urls}).replace("ACCEPT", accept)
        (tmp_path / "policy.yaml").write_text(policy, encoding="utf-8")
        (tmp_path / "reply.json").write_text(SCHEMA, encoding="utf-8")
        opened.append(Engine.open(tmp_path, watch=False, signals={"mood": lambda _: "calm"}))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


@WIRES
@pytest.mark.parametrize(("accept", "text"), [(gate, good) for gate, good, _ in GATES if good is not None])
def test_an_answer_that_its_gate_accepts_is_the_last(
    accept: str, text: str, wire: Wire, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """It is given, and no other model is called."""
    near.answer_with(wire.whole(text))

    outcome = open_engine(accept, wire).complete(REQUEST)

    assert (outcome.status, outcome.text, outcome.escalations) == (Status.ACCEPTED, text, 0)
    assert (outcome.calls[0].verdict, outcome.calls[0].reasons) == ("true", ())
    assert far.requests == []


@WIRES
@pytest.mark.parametrize(("accept", "text"), [(gate, bad) for gate, _, bad in GATES if bad is not None])
def test_an_answer_that_its_gate_does_not_accept_escalates(
    accept: str, text: str, wire: Wire, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """The next step's answer is given; the record of the first says why it was not, and both are paid."""
    near.answer_with(wire.whole(text))
    far.answer_with(wire.whole(BETTER))

    outcome = open_engine(accept, wire).complete(REQUEST)

    assert (outcome.status, outcome.text, outcome.escalations) == (Status.ACCEPTED, BETTER, 1)
    assert (outcome.calls[0].verdict, outcome.calls[0].reasons != ()) == ("false", True)
    assert outcome.cost_usd == sum(call.cost_usd or 0 for call in outcome.calls)
    assert (len(near.requests), len(far.requests)) == (1, 1)


@pytest.mark.parametrize(
    ("accept", "reasons"),
    [
        ("{not: {output: {contains: sorry}}}", ("output contains [sorry] holds",)),
        (
            "{any: [{output: {json: true}}, {output: {chars: {gte: 40}}}]}",
            ("output is json does not hold", "output.chars >= 40 does not hold"),
        ),
        (
            "{all: [{output: {chars: {gte: 2}}}, {not: {any: [{output: {contains: sorry}}, {output: {json: true}}]}}]}",
            ("output contains [sorry] holds",),
        ),
    ],
)
def test_the_record_says_which_tests_kept_an_answer_from_being_accepted(
    accept: str, reasons: tuple[str, ...], open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """Those that did not hold, and below a `not` those that did; the others are not named."""
    near.answer_with(OPENAI.whole("Sorry, no"))
    far.answer_with(OPENAI.whole(BETTER))

    outcome = open_engine(accept, OPENAI).complete(REQUEST)

    assert sorted(outcome.calls[0].reasons) == sorted(reasons)


@WIRES
@pytest.mark.parametrize("ask", [*WHOLE_WAYS, *STREAM_WAYS])
def test_a_gated_step_is_never_seen_before_it_is_accepted(
    ask: Ask, wire: Wire, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """However the caller asks, the first step comes whole, and only the last one streams."""
    near.answer_with(wire.whole("short"))
    far.answer_with(wire.whole(BETTER) if ask in WHOLE_WAYS else wire.streamed(BETTER))

    text, outcome = ask(open_engine("{output: {chars: {gte: 10}}}", wire), REQUEST)

    assert (text, outcome.text, outcome.escalations) == (BETTER, BETTER, 1)
    assert [bool(server.requests[0].json.get("stream")) for server in (near, far)] == [False, ask in STREAM_WAYS]


@WIRES
def test_an_answer_that_was_cut_short_is_told_by_its_finish_reason(
    wire: Wire, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """Both APIs' words for it are the same word in a gate."""
    near.answer_with(wire.whole("a beginning", finish_reason="length"))
    far.answer_with(wire.whole(BETTER))

    outcome = open_engine("{output: {finish_reason: {ne: length}}}", wire).complete(REQUEST)

    assert outcome.text == BETTER


@pytest.mark.parametrize(
    ("logprobs", "verdict"),
    [([-0.01, -0.02], "true"), ([-0.01, -3.0], "false"), (None, "unknown")],
)
def test_confidence_is_the_mean_probability_of_the_tokens(
    logprobs: list[float] | None, verdict: str, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """It is asked of the API, and an answer without it is not accepted."""
    near.answer_with(completion_answer("Yes.", logprobs=logprobs))
    far.answer_with(completion_answer(BETTER))

    outcome = open_engine("{output: {confidence: {gte: 0.85}}}", OPENAI).complete(REQUEST)

    assert near.requests[0].json["logprobs"] is True
    assert outcome.calls[0].verdict == verdict
    assert outcome.text == ("Yes." if verdict == "true" else BETTER)


@WIRES
@pytest.mark.parametrize(("score", "text"), [("0.9", "Yes."), ("0.2", BETTER), ("Certainly!", BETTER)])
def test_a_judge_is_asked_and_paid(
    score: str,
    text: str,
    wire: Wire,
    open_engine: Open,
    near: ScriptedServer,
    far: ScriptedServer,
    judge: ScriptedServer,
) -> None:
    """It sees request and answer, and its call is one of the outcome's."""
    near.answer_with(wire.whole("Yes."))
    far.answer_with(wire.whole(BETTER))
    judge.answer_with(completion_answer(score))
    gate = "{output: {judge: {model: judge, question: Is it right?, score: {gte: 0.5}}}}"

    outcome = open_engine(gate, wire).complete(REQUEST)

    sent = judge.requests[0].json["messages"][1]["content"]
    assert outcome.text == text
    assert [part in sent for part in ("Is it right?", "Do you ship abroad?", "Yes.")] == [True] * 3
    assert [call.purpose for call in outcome.calls][:2] == ["answer", "judge"]
    assert len(judge.requests) == 1


def test_a_judge_is_not_asked_where_its_word_would_change_nothing(
    open_engine: Open, near: ScriptedServer, far: ScriptedServer, judge: ScriptedServer
) -> None:
    """What is cheap to test is tested first."""
    near.answer_with(OPENAI.whole("no"))
    far.answer_with(OPENAI.whole(BETTER))
    judged = "judge: {model: judge, question: Is it right?, score: {gte: 0.5}}"

    outcome = open_engine(f"{{output: {{chars: {{gte: 10}}, {judged}}}}}", OPENAI).complete(REQUEST)

    assert (outcome.text, judge.requests) == (BETTER, [])
