"""Tests of embedders behind an API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from policy_engine.errors import EmbedderError
from policy_engine.model.call import Failure, FailureKind
from policy_engine.signals.embedders.api import ApiEmbedder
from policy_engine.transport.message import Incoming

NO_VECTORS = "the server's answer does not hold a vector for each text"


def answered(body: object, status: int = 200) -> Incoming:
    """What a server answers."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Incoming(status=status, headers={}, body=content, elapsed_s=0.1)


def embedder(answer: Incoming | Failure, sent: list[Mapping[str, Any]] | None = None) -> ApiEmbedder:
    """An embedder whose server always answers the same."""

    def endpoint(body: Mapping[str, Any]) -> Incoming | Failure:
        if sent is not None:
            sent.append(body)
        return answer

    return ApiEmbedder(endpoint, provider="openai", model="small")


def test_vectors_come_in_the_order_of_the_texts() -> None:
    """Rows follow the index of each vector, have length 1, and are zeros for a text of white space."""
    sent: list[Mapping[str, Any]] = []
    data = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 4]}, {"index": 2, "embedding": [1, 1]}]

    rows = embedder(answered({"data": data}), sent).embed(["a", "b", " "])

    assert rows == pytest.approx(np.array([[0.6, 0.8], [0, 1], [0, 0]]))
    assert sent == [{"model": "small", "input": ["a", "b", "-"], "encoding_format": "float"}]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Failure(kind=FailureKind.TIMEOUT, message="too slow", elapsed_s=1.0), "too slow"),
        (answered({}, status=429), "the server answered with status 429"),
        (answered(b"<html>"), NO_VECTORS),
        (answered({"data": []}), NO_VECTORS),
        (
            answered({"data": [{"index": 7, "embedding": [1]}]}),
            NO_VECTORS,
        ),
        (
            answered(b'{"data": [{"index": 0, "embedding": [NaN, 1]}]}'),
            NO_VECTORS,
        ),
        (answered(b"[" * 100_000), NO_VECTORS),
    ],
)
def test_what_is_no_answer_is_an_error(answer: Incoming | Failure, reason: str) -> None:
    """Whatever a server sends, the caller gets vectors or an EmbedderError that says what was wrong."""
    with pytest.raises(EmbedderError) as raised:
        embedder(answer).embed(["a"])

    assert (raised.value.embedder, raised.value.reason) == ("openai/small", reason)
