"""A client of a language server: one program, spoken to over its standard input and output."""

import json
import queue
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

PATIENCE_S = 60.0


class LanguageServer:
    """A running language server. Documents are told apart by their names; nothing is written to disk."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input = process.stdin
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._last_id = 0
        threading.Thread(target=_listen, args=(process.stdout, self._messages), daemon=True).start()

    def start(self, settings: Mapping[str, Any]) -> None:
        """Shake hands and hand over the settings."""
        self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.notify("initialized", {})
        self.notify("workspace/didChangeConfiguration", {"settings": settings})

    def open(self, name: str, text: str) -> list[dict[str, Any]]:
        """Open a YAML document; what the server finds wrong with it."""
        document = {"uri": f"file:///{name}", "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self._receive()
            about = message.get("params", {}) if message.get("method") == "textDocument/publishDiagnostics" else {}
            if about.get("uri") == document["uri"]:
                found: list[dict[str, Any]] = about["diagnostics"]
                return found

    def ask(self, what: str, name: str, *, line: int, character: int) -> Any:
        """The answer to `textDocument/WHAT` at a 0-based position of an open document."""
        place = {"textDocument": {"uri": f"file:///{name}"}, "position": {"line": line, "character": character}}
        return self.request(f"textDocument/{what}", place)

    def request(self, method: str, params: object) -> Any:
        """The result of a request."""
        self._last_id += 1
        self._send({"id": self._last_id, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._last_id and "method" not in message:
                assert "error" not in message, message["error"]
                return message.get("result")

    def notify(self, method: str, params: object) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    def _receive(self) -> dict[str, Any]:
        message = self._messages.get(timeout=PATIENCE_S)
        assert message is not None, "the language server has ended"
        if "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})  # the server asks something; we have no wishes
        return message

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._input.flush()


@contextmanager
def running(command: Sequence[str], settings: Mapping[str, Any]) -> Iterator[LanguageServer]:
    """A language server for as long as the block runs."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        server = LanguageServer(process)
        server.start(settings)
        yield server
    finally:
        process.kill()
        process.communicate()


def _listen(stream: BinaryIO, messages: "queue.Queue[dict[str, Any] | None]") -> None:
    while header := stream.readline():
        size = int(header.partition(b":")[2])
        while stream.readline().strip():
            pass
        messages.put(json.loads(stream.read(size)))
    messages.put(None)
