"""
other-labels: a classifier's file was trained with other labels than those declared.

Avoid:
    # classifiers.yaml
    classifiers:
      complexity: {file: complexity.json, labels: [easy, medium, hard]}
    # complexity.json
    {"format": 1, "labels": ["easy", "hard"], "date": "2026-11-24", "trained_on": "sha256 of the examples",
     "metrics": {}, "embedder": null, "texts": 400, "scale": 0.001, "bias": [0.1, -0.1],
     "confidence": {"sharpness": 1.2, "slope": 0.9, "offset": 0.0},
     "words": {"prove": [31, -900, 900], "hello": [40, 700, -700]}, "grams": {}, "embedding": []}
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
    A rule that waits for a label which the file never gives waits for ever, and a label that is not declared counts as
    unknown. The policies and the file have to be changed together.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.classifier import read_classifier
from policy_engine.model.policy import Declarations, Setting
from policy_engine.validator.suggestion import listed
from policy_engine.validator.surroundings import Site

CODE = "PE344"
NAME = "other-labels"
SUBJECTS = (Declarations,)


def check(part: Declarations, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (every check's signature)
    """One finding for each classifier whose file says something else than it declares."""
    for classifier in part.classifiers.values():
        trained = _labels(classifier, part)
        declared = classifier.value.get("labels")
        if not trained or not isinstance(declared, list) or set(trained) == set(declared):
            continue
        never = [str(label) for label in declared if label not in trained]
        more = [label for label in trained if label not in declared]
        path = classifier.value["file"]
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message=f"`{path}` never says {listed(never)}" if never else f"`{path}` also says {listed(more)}",
            address=classifier.address.child("labels"),
            part=Part.KEY,
            help=f"declare {listed(trained).replace(' or ', ' and ')}, or train it again",
        )


def _labels(classifier: Setting, declarations: Declarations) -> tuple[str, ...]:
    content = declarations.assets.get(str(classifier.value.get("file")))
    try:
        return () if content is None else read_classifier(content).labels
    except ValueError:
        return ()  # told by bad-classifier
