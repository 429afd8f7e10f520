"""
bad-calibration: a file named by a cache's `calibration` is no calibration that can be used.

Avoid:
    # caches.yaml
    caches:
      support: {kind: semantic, embedder: hashed, max_wrong_hit_rate: 5%, calibration: support.json}
    # support.json
    {"threshold": 0.9}
Prefer:
    # caches.yaml
    caches:
      support: {kind: semantic, embedder: hashed, max_wrong_hit_rate: 5%, calibration: support.json}
    # support.json
    {"format": 1, "embedder": "hashed/1", "guards": ["antonyms", "dates", "names", "numbers", "polarity", "units"],
     "max_wrong_hit_rate": 0.05, "confidence": 0.9, "threshold": 0.87, "pairs": 5000, "hits": 2100, "wrong": 80,
     "wrong_rate_bound": 0.0438, "date": "2026-11-24", "labels": "sha256 of the labels"}
Why:
    A threshold is worth what stands behind it. The file holds both, as `policy-engine calibrate` writes them: it must
    be whole, and of a release that is not newer than this one. Nothing in it is ever run.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.calibration import read_calibration
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import Site

CODE = "PE341"
NAME = "bad-calibration"
SUBJECTS = (Declarations,)


def check(part: Declarations, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (every check's signature)
    """One finding for each file that is no calibration."""
    for cache in part.caches.values():
        path = cache.value.get("calibration")
        content = part.assets.get(path) if isinstance(path, str) else None
        if content is None:
            continue
        try:
            read_calibration(content)
        except ValueError as problem:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"`{path}` cannot be used: {problem}",
                address=cache.address.child("calibration"),
                help=f"make it anew by `policy-engine calibrate DIR --cache {cache.name} --labels FILE`",
            )
