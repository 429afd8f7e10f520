"""`policy-engine complete`."""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result

from policy_engine.model.schemas import read_schema

Run = Callable[..., Result]

POLICY = """\
version: 1
tasks: [faq, summarize, legal]
attributes: {plan: {type: string, enum: [free, pro]}}
providers:
  local: {kind: fake, reply: "From nine to five."}
  keyed: {kind: openai, api_key: "${PE_TEST_UNSET_KEY}"}
models:
  small: {provider: local, model: s, price: {input: 1000, output: 2000}}
  free: {provider: local, model: f}
  far: {provider: keyed, model: gpt-4o, price: {input: 1, output: 2}}
tiers: [{name: fast, models: [small]}]
cascades:
  picky:
    steps:
      - {route: small, accept: {output: {chars: {gte: 100}}}}
      - {route: small}
    limits: {escalations: 0}
rules:
  - {name: greeting, when: {message: {contains: hello}}, then: {respond: {text: "Hello!"}}}
  - name: refused
    when: {attributes: {plan: free}}
    on_unknown: skip
    then: {deny: {status: 402, message: Not for free.}}
  - {name: picky-faq, when: {task: faq, attributes: {plan: pro}}, then: {cascade: picky}}
  - {name: far-away, when: {task: legal}, then: {route: far}}
  - {name: summary, when: {task: summarize}, then: {route: free}}
default: {route: fast}
"""


@pytest.fixture(autouse=True)
def policies(folder: Path) -> None:
    """The bundle `policies` answers by a provider that needs no network."""
    (folder / "policies" / "policy.yaml").write_text(POLICY, encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "printed", "told", "code"),
    [
        (
            ["--task", "faq", "--input", "When?"],
            "From nine to five.\n",
            "accepted: rule (default), model small (tier fast), 1 call, $0.012\n",
            0,
        ),
        (["--input", "hello"], "Hello!\n", "answered: rule greeting, no calls, $0\n", 0),
        (
            ["--task", "faq", "--input", "When?", "--attribute", "plan=pro"],
            "From nine to five.\n",
            "not accepted: rule picky-faq, model small (tier fast), 1 call, $0.012, limit escalations\n",
            0,
        ),
        (
            ["--task", "summarize", "--input", "When?"],
            "From nine to five.\n",
            "accepted: rule summary, model free, 1 call, cost unknown\n",
            0,
        ),
        (
            ["--input", "When?", "--attribute", "plan=free"],
            "",
            "error: Not for free.\ndenied: rule refused, no calls, $0\n",
            1,
        ),
    ],
    ids=["accepted", "answered", "not accepted", "cost unknown", "denied"],
)
def test_the_answer_is_data_and_what_it_took_is_talk(
    run: Run, options: list[str], printed: str, told: str, code: int
) -> None:
    """The answer stands alone on standard output; status, rule, model, calls, cost and limit are one line beside it."""
    result = run("complete", "policies", *options)

    assert (result.stdout, result.stderr, result.exit_code) == (printed, told, code)


def test_a_failure_says_why_and_ends_with_one(run: Run) -> None:
    """A key that is not set is no crash: nothing is sent, and the reason is told also to who is quiet."""
    result = run("complete", "policies", "--task", "legal", "--input", "May we?", "--quiet")

    assert (result.stdout, result.exit_code) == ("", 1)
    assert result.stderr.startswith("error: far: ")
    assert "PE_TEST_UNSET_KEY" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_streamed_answer_reads_the_same(run: Run) -> None:
    """With `--stream` the pieces come one by one, a line break at the end, and the talk after it."""
    streamed = run("complete", "policies", "--task", "faq", "--input", "When?", "--stream")
    nothing = run("complete", "policies", "--attribute", "plan=free", "--stream")

    assert streamed.stdout == "From nine to five.\n"
    assert streamed.stderr == "accepted: rule (default), model small (tier fast), 1 call, $0.012\n"
    assert (nothing.stdout, nothing.exit_code) == ("", 1)


def test_json_is_the_outcome(run: Run) -> None:
    """One document: the decision as its schema has it, the answer, and every call with its tokens and cost."""
    result = run("complete", "policies", "--task", "faq", "--input", "When?", "--format", "json", "--quiet")

    written = json.loads(result.stdout)
    jsonschema.validate(written, read_schema("outcome"))
    jsonschema.validate(written.pop("decision"), read_schema("decision"))
    assert written == {
        "status": "accepted",
        "text": "From nine to five.",
        "message": {"role": "assistant", "content": "From nine to five."},
        "calls": [
            {
                "step": 0,
                "model": "small",
                "tier": "fast",
                "purpose": "answer",
                "usage": {"input_tokens": 2, "output_tokens": 5, "cached_input_tokens": 0, "cache_write_tokens": 0},
                "cost_usd": 0.012,
                "elapsed_ms": 0.0,
                "first_token_ms": None,
                "verdict": None,
                "reasons": [],
                "failure": None,
            }
        ],
        "cost_usd": 0.012,
        "escalations": 0,
        "limit": None,
        "kept": None,
        "put_off": [],
        "error": None,
        "http_status": None,
        "uncounted": False,
    }
    assert (result.stderr, result.exit_code) == ("", 0)


def test_json_of_a_failure_says_how_each_call_failed(run: Run) -> None:
    """The kind of a failure is for programs, and the exit code is 1 all the same."""
    result = run("complete", "policies", "--task", "legal", "--input", "May we?", "--format", "json")

    written = json.loads(result.stdout)
    jsonschema.validate(written, read_schema("outcome"))
    failure = written["calls"][0]["failure"]
    assert (written["status"], failure["kind"], failure["may_be_billed"]) == ("failed", "missing_key", False)
    assert (written["cost_usd"], result.exit_code) == (0.0, 1)


def test_the_message_may_come_from_a_file(run: Run) -> None:
    """`-` is standard input; what is no UTF-8 is an error."""
    fine = run("complete", "policies", "--message-file", "-", "--quiet", stdin="hello")
    broken = run("complete", "policies", "--message-file", "-", stdin=b"\xff")

    assert (fine.stdout, fine.exit_code) == ("Hello!\n", 0)
    assert (broken.stderr, broken.exit_code) == ("error: the message in `<stdin>` is not UTF-8\n", 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "describe the request by --task, --input and --attribute"),
        (["--input", "a", "--message-file", "-"], "--input and --message-file both give the message; use one"),
        (["--task", "faq", "--stream", "--format", "json"], "--stream prints text; leave out --format json"),
        (["--attribute", "plna=pro"], "no attribute `plna` is declared; there are `plan`"),
    ],
)
def test_wrong_usage_ends_with_two(run: Run, options: list[str], said: str) -> None:
    """No request, two messages, two forms or an attribute that nobody declares: nothing is called."""
    result = run("complete", "policies", *options)

    assert said in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)


def test_what_cannot_be_loaded_ends_with_three(break_policy: Callable[[], None], run: Run) -> None:
    """Errors of the policies are shown, and so is a folder that is not there."""
    break_policy()

    broken = run("complete", "policies", "--task", "faq")
    missing = run("complete", "elsewhere", "--task", "faq")

    assert "error[PE301] unknown tier `fsat`" in broken.stderr
    assert missing.stderr.startswith("error: ")
    assert (broken.exit_code, missing.exit_code) == (3, 3)
