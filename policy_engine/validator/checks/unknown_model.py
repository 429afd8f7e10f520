"""
unknown-model: a tier, a condition or a judge names a model that nothing declares.

Avoid:
    tiers:
      - {name: spare, models: [mini, sonet]}
Prefer:
    tiers:
      - {name: spare, models: [mini, sonnet]}
Why:
    A tier is made of models, latencies and error rates are measured per model, and a judge is a model. In all these
    places a tier's name does not do, since it may stand for several models.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part
from policy_engine.model.condition import JudgeTest, Test
from policy_engine.model.effect import Shadow
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in, names_compared

CODE = "PE314"
NAME = "unknown-model"
SUBJECTS = ("latency", "errors", "session", JudgeTest, Shadow, Declarations)


def check(part: Test | JudgeTest | Shadow | Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each undeclared model."""
    models = site.around.declarations.models
    for name, address, place in _models_in(part):
        namespace = Namespace(word="model", sections={"models": models})
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=place)


def _models_in(part: Test | JudgeTest | Shadow | Declarations) -> Iterator[tuple[str, Address, Part]]:
    if isinstance(part, Test) and part.fact.startswith("session."):
        if part.fact == "session.model":
            yield from names_compared(part)
    elif isinstance(part, Test):
        yield named_in(part)[1], address_of_name(part), Part.KEY
    elif isinstance(part, JudgeTest):
        yield part.model, part.address.child("model"), Part.VALUE
    elif isinstance(part, Shadow):
        if part.judge_model is not None:
            yield part.judge_model, part.address.child("judge", "model"), Part.VALUE
    else:
        for tier in part.tiers.values():
            for position, name in enumerate(tier.models):
                yield name, tier.address.child("models", position), Part.VALUE
