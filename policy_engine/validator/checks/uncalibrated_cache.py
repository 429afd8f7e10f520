"""
uncalibrated-cache: a cache states `max_wrong_hit_rate`, and nothing says which similarity keeps it.

Avoid:
    # caches.yaml
    caches:
      support: {kind: semantic, embedder: hashed, max_wrong_hit_rate: 5%}
Prefer:
    # caches.yaml
    caches:
      support: {kind: semantic, embedder: hashed, max_wrong_hit_rate: 5%, calibration: support.json}
    # support.json
    {"format": 1, "embedder": "hashed/1", "guards": ["antonyms", "dates", "names", "numbers", "polarity", "units"],
     "max_wrong_hit_rate": 0.05, "confidence": 0.9, "threshold": 0.87, "pairs": 5000, "hits": 2100, "wrong": 80,
     "wrong_rate_bound": 0.0438, "date": "2026-11-24", "labels": "sha256 of the labels"}
Why:
    The same similarity means different things on different traffic and under another embedder or other guards. Until
    `policy-engine calibrate` has found the one that keeps the stated rate, every lookup is a miss, which is safe and
    saves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.calibration import misfit_of, read_calibration
from policy_engine.model.policy import Declarations, Setting
from policy_engine.validator.surroundings import Site

CODE = "PE342"
NAME = "uncalibrated-cache"
SUBJECTS = (Declarations,)


def check(part: Declarations, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (every check's signature)
    """One finding for each cache whose lookups are all misses for want of a calibration that fits."""
    for cache in part.caches.values():
        if cache.value.get("kind") != "semantic" or "max_wrong_hit_rate" not in cache.value:
            continue
        problem = _problem(cache, part)
        if problem:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.WARNING,
                message=f"every lookup in cache `{cache.name}` is a miss: {problem}",
                address=cache.address.child("max_wrong_hit_rate"),
                help=f"run `policy-engine calibrate DIR --cache {cache.name} --labels FILE`",
            )


def _problem(cache: Setting, declarations: Declarations) -> str:
    if "calibration" not in cache.value:
        return "it has no calibration"
    content = declarations.assets.get(str(cache.value["calibration"]))
    try:
        return "" if content is None else misfit_of(read_calibration(content), cache.value)
    except ValueError:
        return ""  # told by bad-calibration
