"""A calibration: the similarity from which a cache's hits are right often enough, with the evidence for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from policy_engine.model.policy import Setting
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

FORMAT: Final = 1
"""The version of the file that this release writes, and the newest that it reads."""

DEFAULT_THRESHOLD: Final = 0.95
"""The similarity from which an entry is a hit where a cache states neither a threshold nor an error rate."""

NEVER: Final = 2.0
"""A threshold that no similarity reaches."""

_GUARDS: Final = ("numbers", "units", "dates", "polarity", "antonyms", "names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """
    What `policy-engine calibrate` found.

    Attributes:
        embedder: its identity; the threshold means nothing under another.
        guards: those that were asked, sorted.
        max_wrong_hit_rate: the share of wrong answers among hits that was to be kept, and `confidence` how surely.
        threshold: the lowest similarity that keeps it.
        pairs: how many pairs were looked at; `hits` of them reached the threshold, `wrong` of those were wrong.
        wrong_rate_bound: the upper bound on the wrong share, at most `max_wrong_hit_rate`.
        date: the day it was made, ISO 8601.
        labels: SHA-256 of the labels it was made from.
    """

    embedder: str
    guards: tuple[str, ...]
    max_wrong_hit_rate: float
    confidence: float
    threshold: float
    pairs: int
    hits: int
    wrong: int
    wrong_rate_bound: float
    date: str
    labels: str

    def to_text(self) -> str:
        """The file's content."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


def read_calibration(content: bytes) -> Calibration:
    """
    The calibration that a file holds.

    Raises:
        ValueError: it holds none; says what is wrong, without a full stop.
    """
    try:
        written = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("it is cut off or no JSON") from None
    if not isinstance(written, dict) or type(written.get("format")) is not int:
        raise ValueError("it is no calibration; `policy-engine calibrate` writes one")
    if written["format"] > FORMAT:
        raise ValueError(f"a newer release wrote it (format {written['format']}, this one knows {FORMAT})")
    fields = {name: _field(name, kind, written) for name, kind in Calibration.__annotations__.items()}
    calibration = Calibration(**fields)
    if calibration.hits > calibration.pairs or calibration.wrong > calibration.hits:
        raise ValueError("its counts contradict each other")
    return calibration


def guards_of(cache: Mapping[str, Any]) -> tuple[str, ...]:
    """The guards that a cache's entry asks, sorted; all of them unless it says otherwise."""
    written = cache.get("guards", "all")
    if written == "all":
        return tuple(sorted(_GUARDS))
    return () if written == "none" else tuple(sorted({guard for guard in written if guard in _GUARDS}))


def threshold_of(cache: Mapping[str, Any], assets: Mapping[str, bytes]) -> tuple[float, str]:
    """
    The similarity from which a cache's entry is a hit, and why it is never, or nothing.

    Args:
        cache: the entry of `caches`, as written.
        assets: the bundle's files by path.
    """
    if cache.get("kind") == "exact":
        return 1.0, ""
    if "max_wrong_hit_rate" not in cache:
        return _share(cache.get("threshold"), DEFAULT_THRESHOLD), ""
    content = assets.get(str(cache.get("calibration", "")))
    if content is None:
        return NEVER, "it has no calibration; `policy-engine calibrate` makes one from labelled texts"
    try:
        calibration = read_calibration(content)
    except ValueError as error:
        return NEVER, f"its calibration cannot be used: {error}"
    misfit = misfit_of(calibration, cache)
    return (NEVER, misfit) if misfit else (calibration.threshold, "")


def misfit_of(calibration: Calibration, cache: Mapping[str, Any]) -> str:
    """Why a calibration says nothing about a cache as it is written; empty if it does."""
    made_with = calibration.embedder.partition("@")[0].removesuffix("/1")
    if made_with != str(cache.get("embedder", "")):
        return f"its calibration is for embedder `{made_with}`, not `{cache.get('embedder')}`; calibrate again"
    if calibration.guards != guards_of(cache):
        return "its calibration was made with other guards; calibrate again"
    if calibration.max_wrong_hit_rate > _share(cache.get("max_wrong_hit_rate"), 0.0) + 1e-9:
        return f"its calibration keeps {calibration.max_wrong_hit_rate:.3g} of wrong hits only; calibrate again"
    return ""


def threshold_in(setting: Setting, assets: Mapping[str, bytes]) -> float:
    """The threshold of a declared cache."""
    return threshold_of(setting.value, assets)[0]


def _share(written: Any, default: float) -> float:
    try:
        return default if written is None else float(parse_quantity(written, Kind.SHARE))
    except QuantityError:
        return default


_SHARES: Final = frozenset(("max_wrong_hit_rate", "confidence", "threshold", "wrong_rate_bound"))


def _field(name: str, kind: str, written: Mapping[str, Any]) -> Any:
    """A field's value, or a ValueError that names it."""
    value = written.get(name)
    is_fit = {
        "str": isinstance(value, str),
        "int": type(value) is int and value >= 0,
        "float": type(value) in (int, float) and 0 <= (value or 0) <= 1,
        "tuple[str, ...]": isinstance(value, list) and all(isinstance(item, str) for item in value),
    }[kind]
    if not is_fit:
        raise ValueError(f"its `{name}` is missing or no such value")
    return tuple(value) if kind.startswith("tuple") and value is not None else value
