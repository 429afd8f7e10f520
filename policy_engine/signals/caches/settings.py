"""A cache's entry in a bundle, read into what the cache needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from policy_engine.model.calibration import guards_of, read_calibration, threshold_of
from policy_engine.model.policy import Setting
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

DEFAULT_TTL: Final = "7d"
DEFAULT_MAX_ENTRIES: Final = "10k"
DEFAULT_CHECK: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSettings:
    """
    How a cache works.

    Attributes:
        embedder: its name; None for an exact cache.
        threshold: the similarity from which an entry is a hit; `NEVER`, and `reason` says why, where none is known.
        identity: the embedder that the threshold was calibrated for; None if it was not calibrated.
        max_wrong_hit_rate: the share of wrong answers among hits that is accepted; None if none was stated.
        check: which share of would-be hits is checked.
        salt: part of every key.
    """

    name: str
    embedder: str | None
    threshold: float
    reason: str
    identity: str | None
    max_wrong_hit_rate: float | None
    check: float
    ttl_s: float
    scope: tuple[str, ...]
    max_entries: int
    guards: tuple[str, ...]
    salt: str


def read_settings(setting: Setting, assets: Mapping[str, bytes]) -> CacheSettings:
    """The settings of a declaration that the validator has let through; what it left out has its default."""
    written = setting.value
    threshold, reason = threshold_of(written, assets)
    rate = None if "max_wrong_hit_rate" not in written else _quantity(written["max_wrong_hit_rate"], Kind.SHARE, 0)
    return CacheSettings(
        name=setting.name,
        embedder=str(written["embedder"]) if written.get("kind") == "semantic" else None,
        threshold=threshold,
        reason=reason,
        identity=None if rate is None else _identity(assets.get(str(written.get("calibration", "")))),
        max_wrong_hit_rate=rate,
        check=_quantity(written.get("check", 0 if rate is None else DEFAULT_CHECK), Kind.SHARE, 0),
        ttl_s=_quantity(written.get("ttl", DEFAULT_TTL), Kind.DURATION, 604_800),
        scope=tuple(written.get("scope", ())),
        max_entries=int(_quantity(written.get("max_entries", DEFAULT_MAX_ENTRIES), Kind.COUNT, 10_000)),
        guards=guards_of(written),
        salt=str(written.get("salt", "")),
    )


def _quantity(written: Any, kind: Kind, default: float) -> float:
    try:
        return float(parse_quantity(written, kind))
    except QuantityError:
        return default


def _identity(content: bytes | None) -> str | None:
    try:
        return None if content is None else read_calibration(content).embedder
    except ValueError:
        return None
