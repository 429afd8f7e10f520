"""
A cascade over Anthropic's API: an answer that is no JSON goes up to the larger model, whose answer streams.

It talks to a stand-in that answers on this machine in the form of Anthropic's Messages API. To call Anthropic itself,
leave `base_url` out of the policies and put your key into the environment.

    python examples/anthropic_cascade.py
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from policy_engine import Engine, Request

POLICIES = Path(__file__).parent / "policies_anthropic"
ANSWERS = {
    "claude-haiku-4-5": "Sure! The order is 48210077.",
    "claude-sonnet-4-5": '{"order": 48210077}',
}


def main() -> None:
    """Prints an answer that took two models, and another one as it comes."""
    request = Request(task="extract", input="Where is my order 48210077?")
    with stand_in() as url:
        os.environ |= {"EXAMPLE_ANTHROPIC_URL": url, "EXAMPLE_ANTHROPIC_KEY": "not-a-real-key"}
        with Engine.open(POLICIES) as engine:
            outcome = engine.complete(request)
            for call in outcome.calls:
                print(f"{call.model:<8}gate {call.verdict}, {call.usage.output_tokens} tokens, ${call.cost_usd}")
            print(f"{outcome.status}: {outcome.text}")
            with engine.stream(request) as answer:
                print("in pieces:", *(chunk.text for chunk in answer if chunk.text), sep=" | ")
            assert answer.outcome is not None
            print(f"{answer.outcome.status}, ${answer.outcome.cost_usd}")


@contextmanager
def stand_in() -> Iterator[str]:
    """The address of a server that answers as Anthropic's would, for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Messages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Messages(BaseHTTPRequestHandler):
    """`POST /v1/messages`, at once or as a stream."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answers with what the model that is asked for always says."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = ANSWERS[asked["model"]]
        usage = {"input_tokens": 30, "output_tokens": len(text) // 4}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "usage": usage}
        if asked.get("stream"):
            self._send("text/event-stream", "".join(events(message, text)))
        else:
            content = [{"type": "text", "text": text}]
            self._send("application/json", json.dumps({**message, "content": content, "stop_reason": "end_turn"}))

    def _send(self, content_type: str, body: str) -> None:
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def events(message: dict[str, Any], text: str) -> Iterator[str]:
    """A message as the events of a stream, its text in two pieces."""
    half = len(text) // 2
    pieces = [{"type": "text_delta", "text": piece} for piece in (text[:half], text[half:])]
    started = {**message, "content": [], "usage": {**message["usage"], "output_tokens": 1}}
    told: list[dict[str, Any]] = [
        {"type": "message_start", "message": started},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": piece} for piece in pieces),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": message["usage"]},
        {"type": "message_stop"},
    ]
    for event in told:
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


if __name__ == "__main__":
    main()
