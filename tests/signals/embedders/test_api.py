"""Tests of embedders behind an API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from policy_engine.errors import EmbedderError
from policy_engine.model.call import Failure, FailureKind, Usage
from policy_engine.model.expenses import Expenses
from policy_engine.model.outcome import CallRecord
from policy_engine.model.price import Rates
from policy_engine.signals.embedders.api import ApiEmbedder
from policy_engine.transport.message import Incoming

RATES = Rates(input=Decimal("0.02"))
FIFTY = Usage(input_tokens=50, output_tokens=0)
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


def charged(answer: Incoming | Failure, rates: Rates = RATES, texts: int = 1) -> tuple[CallRecord, ...]:
    """The calls that embedding so many texts has cost."""
    expenses = Expenses()
    made = ApiEmbedder(lambda _: answer, provider="openai", model="small", rates=rates, payer=lambda: expenses)
    with suppress(EmbedderError):
        made.embed(["a"] * texts)
    return expenses.calls


def call(**more: Any) -> CallRecord:
    """A call for embeddings."""
    return CallRecord(step=0, model="openai/small", tier=None, purpose="embedding", elapsed_ms=100.0, **more)


@pytest.mark.parametrize(
    ("usage", "rates", "expected"),
    [
        ({"prompt_tokens": 50, "total_tokens": 50}, RATES, {"usage": FIFTY, "cost_usd": Decimal("0.000001")}),
        ({"prompt_tokens": 50}, Rates(), {"usage": FIFTY, "cost_usd": None}),
        (None, RATES, {"usage": None, "cost_usd": None}),
        ({"prompt_tokens": True}, RATES, {"usage": None, "cost_usd": None}),
        ("many", RATES, {"usage": None, "cost_usd": None}),
    ],
)
def test_a_call_costs_what_its_tokens_cost(usage: object, rates: Rates, expected: Mapping[str, Any]) -> None:
    """The server counts the tokens; where it does not, or nobody knows the price, the cost is unknown and not 0."""
    assert charged(answered({"data": [{"index": 0, "embedding": [1]}], "usage": usage}), rates) == (call(**expected),)


@pytest.mark.parametrize(
    ("answer", "kind", "status", "cost_usd"),
    [
        (Failure(kind=FailureKind.CONNECTION, message="refused", elapsed_s=0.1), "connection", None, Decimal(0)),
        (
            Failure(kind=FailureKind.TIMEOUT, message="too slow", elapsed_s=0.1, may_be_billed=True),
            "timeout",
            None,
            None,
        ),
        (answered({}, status=401), "authentication", 401, Decimal(0)),
        (answered({}, status=429), "rate_limit", 429, Decimal(0)),
        (answered({}, status=503), "server", 503, Decimal(0)),
        (answered({}, status=400), "request", 400, Decimal(0)),
        (answered({"usage": {"prompt_tokens": 50}}), "malformed", 200, Decimal("0.000001")),
        (answered(b"<html>"), "malformed", 200, None),
    ],
)
def test_a_call_that_fails_is_written_down(
    answer: Incoming | Failure, kind: str, status: int | None, cost_usd: Decimal | None
) -> None:
    """It costs nothing, unless the work may have been done all the same."""
    (failed,) = charged(answer)

    assert failed.failure is not None
    assert (failed.failure.kind, failed.failure.status, failed.cost_usd) == (kind, status, cost_usd)


def test_each_call_of_many_texts_counts() -> None:
    """Texts beyond what one call takes are further calls."""
    body = {"data": [{"index": at, "embedding": [1]} for at in range(256)], "usage": {"prompt_tokens": 50}}

    assert charged(answered(body), texts=512) == (call(usage=FIFTY, cost_usd=Decimal("0.000001")),) * 2


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
