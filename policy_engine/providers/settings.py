"""A provider's entry in a bundle, read into what calls need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_engine.model.policy import Provider as Declaration
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

DEFAULT_TIMEOUT_S = 60.0
DEFAULT_RETRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    How a provider is reached. Texts are as written, with `${NAME}` for environment variables.

    `timeout_s` bounds a whole call with its retries; of a stream, the wait for its first piece and for each next one.
    """

    name: str
    base_url: str | None = None
    api_key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = DEFAULT_TIMEOUT_S
    retries: int = DEFAULT_RETRIES

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text that may name an environment variable."""
        return tuple(text for text in (self.base_url, self.api_key, *self.headers.values()) if text is not None)


def read_settings(declaration: Declaration) -> Settings:
    """The settings of a declaration that the validator has let through; what it left out has its default."""
    written = declaration.settings
    headers = written.get("headers")
    retries = written.get("retries")
    return Settings(
        name=declaration.name,
        base_url=_text(written.get("base_url")),
        api_key=_text(written.get("api_key")),
        headers={name: str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {},
        timeout_s=_seconds(written.get("timeout")),
        retries=retries if isinstance(retries, int) else DEFAULT_RETRIES,
    )


def _text(written: Any) -> str | None:
    return written if isinstance(written, str) else None


def _seconds(written: Any) -> float:
    if written is None:
        return DEFAULT_TIMEOUT_S
    try:
        return float(parse_quantity(written, Kind.DURATION))
    except QuantityError:
        return DEFAULT_TIMEOUT_S
