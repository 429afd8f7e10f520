"""A LiteLLM proxy on loopback whose models answer by themselves, so that nothing is sent anywhere."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket

import httpx

KEY = "sk-3f9a1c77b2d84e06a5c1e8f2d7b49a60"
PATIENCE_S = 120.0
CONFIG = """
model_list:
  - model_name: gpt-4o-mini
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: "Nine to five. Närrisch ☕"}
  - model_name: with-tools
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: none
      mock_response: ""
      mock_tool_calls:
        - {id: call_1, type: function, function: {name: find_order, arguments: '{"id": 123456}'}}
  - model_name: limited
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.RateLimitError}
  - model_name: broken
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.InternalServerError}
router_settings: {num_retries: 0}
general_settings: {master_key: %s}
"""


@contextmanager
def proxy(program: str, folder: Path) -> Iterator[str]:
    """The base URL of a running proxy, which ends with the block."""
    config, log = folder / "litellm.yaml", folder / "litellm.log"
    config.write_text(CONFIG % KEY, encoding="utf-8")
    port = _free_port()
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*"}
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=environment)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health/liveliness", process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-4000:]
        try:
            if httpx.get(url, timeout=1.0).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)  # another program starts: there is nothing to wait on but the port
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-4000:])


def _free_port() -> int:
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
