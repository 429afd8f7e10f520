"""Embedders by the names that policies use: `hashed`, a local model's name, or `PROVIDER/MODEL`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from policy_engine.model.expenses import Expenses
from policy_engine.model.price import Rates
from policy_engine.signals.embedders.meter import Meter

if TYPE_CHECKING:
    from policy_engine.signals.embedders.api import Endpoint
    from policy_engine.signals.embedders.protocol import Embedder

FOLDER_VARIABLE = "POLICY_ENGINE_EMBEDDERS"
"""The environment variable that says where local models are kept."""


class Embedders:
    """
    Embedders by name, each made when it is first asked for and then kept. Safe under threads.

    Args:
        endpoint_of: where a declared provider's `/embeddings` is reached; None for a name that is no provider's.
        rates_of: what a provider's model costs, by the names of both.
        folder: where `policy-engine embedder add` keeps local models; None means `models_folder()`.
    """

    def __init__(
        self,
        *,
        endpoint_of: Callable[[str], Endpoint | None] = lambda _: None,
        rates_of: Callable[[str, str], Rates] = lambda _, __: Rates(),
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._endpoint_of = endpoint_of
        self._rates_of = rates_of
        self._folder = folder
        self._meter = Meter()
        self._made: dict[str, Embedder] = {}

    def get(self, name: str) -> Embedder:
        """
        The embedder of that name, the same each time.

        Raises:
            EmbedderError: there is no such model on this machine, or its files are damaged.
            MissingExtra: it needs a package that is not installed.
        """
        made = self._made.get(name)
        return made if made is not None else self._made.setdefault(name, self._make(name))

    def paid_by(self, expenses: Expenses) -> AbstractContextManager[None]:
        """While this lasts, what the thread has embedded by a provider is an expense of a request."""
        return self._meter.paid_by(expenses)

    def _make(self, name: str) -> Embedder:
        # Each kind is imported only where it is used: numpy, an HTTP client and onnxruntime are heavy.
        if name == "hashed":
            from policy_engine.signals.embedders.hashed import HashedEmbedder

            return HashedEmbedder()
        provider, slash, model = name.partition("/")
        endpoint = self._endpoint_of(provider) if slash else None
        if endpoint is not None:
            from policy_engine.signals.embedders.api import ApiEmbedder

            rates = self._rates_of(provider, model)
            return ApiEmbedder(endpoint, provider=provider, model=model, rates=rates, payer=self._meter.payer)
        from policy_engine.signals.embedders.local import open_local

        return open_local(name, models_folder(self._folder))


def models_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """
    Where local models are kept: `folder`, else what POLICY_ENGINE_EMBEDDERS says, else the user's data folder.
    """
    named = folder or os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "policy_engine" / "embedders"
