"""Where providers of a bundle serve embeddings: addresses and keys as declared, read when a call is made."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from policy_engine.model.call import Failure, FailureKind
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.signals.embedders.api import Endpoint
from policy_engine.transport.http import HttpTransport
from policy_engine.transport.message import Incoming, Outgoing, Timeouts
from policy_engine.transport.protocol import Transport

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
DEFAULT_TIMEOUT_S: Final = 10.0

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Endpoints:
    """
    The `/embeddings` of a bundle's providers of kind `openai`, over one transport.

    Args:
        transport: what sends; made at the first call where None is given.
        environment: where `${NAME}` is looked up, at each call.
    """

    def __init__(
        self,
        declarations: Declarations,
        *,
        transport: Transport | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._providers = declarations.providers
        self._transport = transport
        self._environment = environment
        self._lock = Lock()

    def of(self, provider: str) -> Endpoint | None:
        """What sends to a provider; None where the bundle declares none of that name that serves embeddings."""
        declared = self._providers.get(provider)
        if declared is None or declared.kind != "openai":
            return None
        settings = declared.settings
        headers = settings.get("headers")
        return _Endpoint(
            name=provider,
            base_url=str(settings.get("base_url") or DEFAULT_BASE_URL),
            api_key=settings.get("api_key"),
            headers=dict(headers) if isinstance(headers, Mapping) else {},
            timeout_s=_seconds(settings.get("timeout")),
            endpoints=self,
        ).send

    def close(self) -> None:
        """Ends idle connections; a later call makes new ones."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def send(self, outgoing: Outgoing, timeout_s: float) -> Incoming | Failure:
        """The whole answer. Blocks."""
        with self._lock:
            if self._transport is None:
                self._transport = HttpTransport()
            transport = self._transport
        return transport.send(outgoing, Timeouts(overall_s=timeout_s))

    def expanded(self, text: str) -> str:
        """A text with each `${NAME}` replaced by that variable; unset is empty."""
        return _VARIABLE.sub(lambda match: self._environment.get(match[1], "").strip(), text)

    def missing_in(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The variables of these texts that are not set."""
        names = (name for text in texts for name in _VARIABLE.findall(text))
        return tuple(name for name in dict.fromkeys(names) if not self._environment.get(name, "").strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    name: str
    base_url: str
    api_key: str | None
    headers: Mapping[str, str]
    timeout_s: float
    endpoints: Endpoints = field(repr=False)

    def send(self, body: Mapping[str, Any]) -> Incoming | Failure:
        texts = (self.base_url, self.api_key or "", *map(str, self.headers.values()))
        missing = self.endpoints.missing_in(texts)
        if missing:
            message = f"provider `{self.name}` needs the environment variable `{missing[0]}`; set it and call again"
            return Failure(kind=FailureKind.MISSING_KEY, message=message, elapsed_s=0.0)
        expanded = self.endpoints.expanded
        headers = {"content-type": "application/json", "accept-encoding": "identity", "user-agent": "policy_engine"}
        if self.api_key is not None:
            headers["authorization"] = f"Bearer {expanded(self.api_key)}"
        headers |= {name.lower(): expanded(str(value)) for name, value in self.headers.items()}
        url = f"{expanded(self.base_url).rstrip('/')}/embeddings"
        # A lone surrogate is no text for a server; it gets what stands for what cannot be shown.
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return self.endpoints.send(Outgoing(method="POST", url=url, headers=headers, body=content), self.timeout_s)


def _seconds(written: Any) -> float:
    try:
        return DEFAULT_TIMEOUT_S if written is None else float(parse_quantity(written, Kind.DURATION))
    except QuantityError:
        return DEFAULT_TIMEOUT_S
