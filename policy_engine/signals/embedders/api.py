"""An embedder behind an API: any server that speaks OpenAI's `/embeddings`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from policy_engine.errors import EmbedderError
from policy_engine.model.call import Failure
from policy_engine.model.expenses import Expenses
from policy_engine.model.price import Rates
from policy_engine.signals.embedders.meter import Charge, usage_in
from policy_engine.transport.message import Incoming

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from policy_engine.signals.embedders.protocol import Vectors

Endpoint: TypeAlias = Callable[[Mapping[str, Any]], Incoming | Failure]
"""Sends a JSON body to a provider's `/embeddings` and gives back what comes. Blocks."""

UNPRICED: Final = Rates()
"""What a model costs whose price nobody knows."""

_BATCH: Final = 256


class ApiEmbedder:
    """
    Vectors of a model that a provider serves.

    Args:
        endpoint: what sends.
        provider: the provider's name in the policies.
        model: the provider's name of the model.
        rates: what it costs.
        payer: whose expense a call is; None for nobody's.
    """

    blocking: Final = True

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        provider: str,
        model: str,
        rates: Rates = UNPRICED,
        payer: Callable[[], Expenses | None] = lambda: None,
    ) -> None:
        self._endpoint = endpoint
        self._rates = rates
        self._payer = payer
        self._model = model
        self.identity = f"{provider}/{model}"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row for each text. Blocks."""
        batches = [self._batch(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
        return np.concatenate(batches) if batches else np.empty((0, 0), np.float32)

    def _batch(self, texts: Sequence[str]) -> Vectors:
        # APIs refuse an empty text, so a stroke stands for one; its row is made zeros below.
        sent = [text if text.strip() else "-" for text in texts]
        charge = Charge(self.identity, self._rates, self._payer())
        came = self._endpoint({"model": self._model, "input": sent, "encoding_format": "float"})
        if isinstance(came, Failure):
            charge.failed(came)
            raise EmbedderError(self.identity, came.message)
        if came.status != 200:
            charge.refused(came)
            raise EmbedderError(self.identity, f"the server answered with status {came.status}")
        answer = _read(came.body)
        rows = _rows(answer, len(texts))
        charge.answered(came, usage_in(answer), is_malformed=rows is None)
        if rows is None:
            raise EmbedderError(self.identity, "the server's answer does not hold a vector for each text")
        rows[[not text.strip() for text in texts]] = 0.0
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        return (rows / np.where(lengths > 0, lengths, 1.0)[:, None]).astype(np.float32)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _rows(answer: Any, count: int) -> NDArray[np.float64] | None:
    """The vectors of an answer; None where it does not hold one for each text."""
    try:
        rows = np.array(_listed(answer, count), np.float64)
    except (ValueError, TypeError, KeyError):
        return None
    is_whole = rows.ndim == 2 and len(rows) == count and rows.shape[1] > 0 and np.isfinite(rows).all()
    return rows if is_whole else None


def _listed(answer: Any, count: int) -> list[Any]:
    """The vectors by the index that each came with; a ValueError where one has no such place."""
    rows: list[Any] = [None] * count
    for item in answer["data"]:
        index = item["index"]
        if type(index) is not int or not 0 <= index < count:
            raise ValueError(index)
        rows[index] = item["embedding"]
    return rows
