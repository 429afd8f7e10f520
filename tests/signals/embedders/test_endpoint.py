"""Tests of embeddings served by a provider of the bundle, over a real connection."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from policy_engine.errors import EmbedderError
from policy_engine.model.policy import Declarations
from policy_engine.pipeline import build
from policy_engine.signals.embedders.endpoint import Endpoints
from policy_engine.signals.embedders.named import Embedders
from tests.servers.scripted import ScriptedServer, json_answer

POLICY = """\
version: 1
providers:
  here: {{kind: openai, base_url: "{url}/v1", api_key: "${{A_KEY}}", headers: {{x-team: "${{TEAM}}"}}}}
  other: {{kind: anthropic, api_key: "${{A_KEY}}"}}
models: {{m: {{provider: here, model: m, price: {{input: 1, output: 1}}}}}}
default: {{route: m}}
"""
VECTORS = json_answer({"data": [{"index": 0, "embedding": [3, 4]}]})


def declared(folder: Path, url: str) -> Declarations:
    """The declarations of a bundle whose provider is at an address."""
    (folder / "policy.yaml").write_text(POLICY.format(url=url))
    policy_set = build(folder).policy_set
    assert policy_set is not None
    return policy_set.declarations


def test_a_provider_serves_vectors(tmp_path: Path) -> None:
    """The request goes to the provider's address with its key and headers, read from the environment at the call."""
    with ScriptedServer(VECTORS) as server:
        endpoints = Endpoints(declared(tmp_path, server.url), environment={"A_KEY": " secret ", "TEAM": "support"})
        with closing(endpoints):
            embedder = Embedders(endpoint_of=endpoints.of).get("here/small")
            rows = embedder.embed(["where is it"])

    request = server.requests[0]
    assert rows.tolist() == [pytest.approx([0.6, 0.8])]
    assert (embedder.identity, embedder.blocking) == ("here/small", True)
    assert (request.path, request.json["model"], request.json["input"]) == ("/v1/embeddings", "small", ["where is it"])
    assert (request.headers["authorization"], request.headers["x-team"]) == ("Bearer secret", "support")


def test_a_missing_key_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    """Without the environment variable nothing is sent, and the error names it."""
    with ScriptedServer(VECTORS) as server:
        endpoints = Endpoints(declared(tmp_path, server.url), environment={"A_KEY": "secret"})
        with pytest.raises(EmbedderError, match="provider `here` needs the environment variable `TEAM`"):
            Embedders(endpoint_of=endpoints.of).get("here/small").embed(["where is it"])

    assert server.requests == []


def test_other_names_are_local_models(tmp_path: Path) -> None:
    """A name whose first part is no provider that serves embeddings is a local model's, and here there is none."""
    endpoints = Endpoints(declared(tmp_path, "http://127.0.0.1:9"), environment={})

    assert (endpoints.of("other"), endpoints.of("nobody")) == (None, None)
    with pytest.raises(EmbedderError, match="there is no such model"):
        Embedders(endpoint_of=endpoints.of, folder=tmp_path).get("other/model")
