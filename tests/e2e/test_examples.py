"""The programs under examples/ run as they are, from anywhere, and print what they promise."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.pages import TOP, environment, is_as_shown, start

PRINTED = {
    "embed_sync.py": """\
What are your opening hours on Sunday?       respond by opening-hours
Where is my order #48210077?                 respond by order-status-by-number
I never got my second boot                   route by classify → mini
Can we cancel early?                         deny by contracts-need-a-plan
Hello?                                       route by default → sonnet
My tent's zip is stuck. Help?                cascade by replies-careful → mini

rules that matched the last one:
  house-voice       task in [faq, order_status, generate_reply]
  remember-answers  task in [faq, generate_reply]; not conversation.turns > 1; not wants.json
  replies-careful   task == generate_reply; attributes.plan in [pro, enterprise]; message.chars > 20
""",
    "embed_async.py": """\
northwind-us  cascade by replies-careful → mini
trailkids     route by spend-guard → mini
unheard-of    cascade by replies-careful → mini
a contract    cascade by contracts → sonnet
budget looked up 3 times for 4 requests
""",
    "hot_reload.py": """\
as it is: generation 1, classify → mini
after sending intents to the workhorse: generation 2, classify → sonnet
after a slip of the finger: generation 2, classify → sonnet
  not live: policies/support.yaml:…: error[PE301] unknown tier `wrkhorse`
after putting it right: generation 3, classify → mini
""",
    "custom_signal.py": """\
faq     u-regular      route by faq, not asked, unknown: nothing
refund  u-regular      route by safe-refund, asked, unknown: nothing
refund  u-new          route by default, asked, unknown: nothing
refund  u-chargebacks  deny by risky-refund, asked, unknown: nothing
refund  (nobody)       route by default, asked, unknown: signal.risk
""",
    "complete.py": """\
answered opening-hours no model      $0        Monday to Friday, 9:00 to 17:00.
accepted default       small         $0.0030   By post.
accepted replies       small → large $0.1790   We send it back to you by post, free of charge, within five working days.
accepted replies       small → large $0.1790   We send it back to you by post, free of charge, within five working days.
accepted replies       small → large $0.1790   We send it back to you by post, free of charge, within five working days.
accepted spent         small         $0.0030   By post.
failed   contracts     away          $0        away: provider `closed` needs the environment variable …

in pieces: We send it back to you by post, free of charge, within five working days.
accepted at $0.1790
""",
    "judge_gate.py": """\
strict: We send it back to you by post, free of charge, within five working days.
  answer small  $0.0030, gate false judge critic >= 0.7 does not hold
  judge  critic $0.0085
  answer large  $0.176
  accepted, 1 escalations, $0.1875
lenient: By post.
  answer small  $0.0030, gate true
  judge  friend $0.0084
  accepted, 0 escalations, $0.0114
""",
    "anthropic_cascade.py": """\
haiku   gate false, 7 tokens, $0.000065
sonnet  gate None, 4 tokens, $0.00015
accepted: {"order": 48210077}
in pieces: | {"order": |  48210077}
accepted, $0.000215
""",
}
SERVICE = "fastapi_service.py"
CLUSTER = "spark_replay.py"
"""Needs Spark and Java; what it hands to Spark is tested in tests/replay/test_mapper.py."""


def test_every_example_is_tested() -> None:
    """No program stands under examples/ that is not run here."""
    assert {path.name for path in (TOP / "examples").glob("*.py")} == {*PRINTED, SERVICE, CLUSTER}


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_promises(name: str, tmp_path: Path) -> None:
    """A program ends by itself, without warnings, whatever folder it is started in."""
    finished = start([sys.executable, "-W", "error", str(TOP / "examples" / name)], tmp_path)

    assert finished.returncode == 0, finished.stdout
    assert is_as_shown(finished.stdout, PRINTED[name].splitlines()), finished.stdout


@pytest.fixture(scope="module")
def service() -> Iterator[httpx.Client]:
    """A client of the service, which runs under uvicorn on a port of the loopback interface."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # The socket accepts before the server is up, so a first request simply waits for it.
        handle = str(listening.fileno())
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--fd", handle, "--log-level", "warning", "examples.fastapi_service:app"],
            cwd=TOP,
            env=environment(),
            pass_fds=[listening.fileno()],
        )
        try:
            port = listening.getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
                yield client
        finally:
            server.terminate()
            server.wait(10)


def test_the_service_decides_requests(service: httpx.Client) -> None:
    """A request in the shape of a line of JSON Lines gives a decision of schema decision.v1."""
    body = {"id": "r1", "task": "faq", "input": "What are your opening hours?"}

    answer = service.post("/decide", json=body)

    decision = answer.json()
    assert answer.status_code == 200
    assert (decision["id"], decision["rule"], decision["effect"]) == ("r1", "opening-hours", "respond")
    assert decision["generation"] == 1
    assert "trace" not in decision


def test_the_service_decides_chat_bodies(service: httpx.Client) -> None:
    """The body of a chat completion is a request too, and its metadata holds task and attributes."""
    messages = [{"role": "user", "content": "Can we cancel early?"}]
    body = {"model": "auto", "messages": messages, "metadata": {"task": "analyze_contract", "plan": "free"}}

    decision = service.post("/decide", params={"trace": True}, json=body).json()

    assert (decision["rule"], decision["plan"]["status"]) == ("contracts-need-a-plan", 402)
    assert decision["trace"][-1]["rule"] == "contracts-need-a-plan"


def test_the_service_says_what_is_wrong_with_a_request(service: httpx.Client) -> None:
    """A body that is no request is refused with the reason."""
    answer = service.post("/decide", json={"taks": "faq"})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("unknown field `taks` in a request; known are ")


def test_the_service_says_what_it_serves(service: httpx.Client) -> None:
    """The status names revision, generation and files, and nothing that is pending."""
    status = service.get("/status").json()

    assert (status["generation"], status["source"], status["pending"]) == (1, "folder", None)
    assert status["revision"].startswith("sha256:")
    assert "support.yaml" in status["files"]


def test_sample_requests_are_requests() -> None:
    """The requests that the README dry-runs have ids of their own, one line each."""
    lines = (TOP / "examples" / "requests.jsonl").read_text(encoding="utf-8").splitlines()

    assert len({json.loads(line)["id"] for line in lines}) == len(lines)
