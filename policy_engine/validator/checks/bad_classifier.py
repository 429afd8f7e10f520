"""
bad-classifier: a file named by a classifier's `file` is no classifier that can be used.

Avoid:
    # classifiers.yaml
    classifiers:
      complexity: {file: complexity.json, labels: [easy, hard]}
    # complexity.json
    {"labels": ["easy", "hard"]}
Prefer:
    # classifiers.yaml
    classifiers:
      complexity: {file: complexity.json, labels: [easy, hard]}
    # complexity.json
    {"format": 1, "labels": ["easy", "hard"], "date": "2026-11-24", "trained_on": "sha256 of the examples",
     "metrics": {}, "embedder": null, "texts": 400, "scale": 0.001, "bias": [0.1, -0.1],
     "confidence": {"sharpness": 1.2, "slope": 0.9, "offset": 0.0},
     "words": {"prove": [31, -900, 900], "hello": [40, 700, -700]}, "grams": {}, "embedding": []}
Why:
    `policy-engine train` writes the file. It must be whole, and of a release that is not newer than this one; the
    embedder that it was trained with, if any, must be one of this machine, since a classifier sends no text elsewhere.
    Nothing in it is ever run.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.classifier import read_classifier
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import Site

CODE = "PE343"
NAME = "bad-classifier"
SUBJECTS = (Declarations,)


def check(part: Declarations, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (every check's signature)
    """One finding for each file that is no classifier."""
    for classifier in part.classifiers.values():
        path = classifier.value.get("file")
        content = part.assets.get(path) if isinstance(path, str) else None
        problem = None if content is None else _problem(content, part)
        if problem is not None:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"`{path}` cannot be used: {problem}",
                address=classifier.address.child("file"),
                help=f"make it anew by `policy-engine train DIR --classifier {classifier.name} --labels FILE`",
            )


def _problem(content: bytes, declarations: Declarations) -> str | None:
    try:
        embedder = read_classifier(content).embedder_name
    except ValueError as problem:
        return str(problem)
    if embedder is not None and embedder.partition("/")[0] in declarations.providers:
        return f"its embedder `{embedder}` is a provider's, and not on this machine"
    return None
