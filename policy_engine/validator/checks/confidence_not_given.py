"""
confidence-not-given: a step accepts by confidence, which one of its models cannot give.

Avoid:
    providers:
      claude: {kind: anthropic, api_key: "${ANTHROPIC_API_KEY}"}
    models:
      haiku: {provider: claude, model: claude-haiku-4-5}
    cascades:
      careful: {steps: [{route: haiku, accept: {output: {confidence: {gte: 0.85}}}}, {route: frontier}]}
Prefer:
    providers:
      claude: {kind: anthropic, api_key: "${ANTHROPIC_API_KEY}"}
    models:
      haiku: {provider: claude, model: claude-haiku-4-5}
    cascades:
      careful: {steps: [{route: haiku, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]}
Why:
    Confidence is the mean probability of an answer's tokens, and some APIs do not tell it. Then it is unknown, the
    answer is not accepted, and the cascade escalates every time: two calls are paid for one answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.model.condition import ExpressionTest, Test
from policy_engine.model.effect import Choice, Link, Named, Split
from policy_engine.model.policy import Declarations, Model
from policy_engine.validator.certainty import names_in
from policy_engine.validator.surroundings import Site

CODE = "PE324"
NAME = "confidence-not-given"
SUBJECTS = ("output", ExpressionTest)
_FACT = "output.confidence"
_KINDS_WITHOUT = ("anthropic",)


def check(part: Test | ExpressionTest, site: Site) -> Iterator[Finding]:
    """The finding that a model of the step does not tell its confidence, if so."""
    if site.gate is None or not _reads_confidence(part):
        return
    declarations = site.around.declarations
    names = dict.fromkeys(name for link in site.gate.route.chain for name in _models_of(link, declarations))
    silent = [declarations.models[name] for name in names if _is_silent(name, declarations)]
    if not silent:
        return
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"model `{silent[0].name}` does not tell how confident it is",
        address=part.address if isinstance(part, ExpressionTest) else _address_of_fact(part),
        part=Part.VALUE if isinstance(part, ExpressionTest) else Part.KEY,
        help="test the answer itself (`chars`, `sections`, `json_schema`, `judge`), or route this step elsewhere",
        related=tuple(_related(model) for model in silent),
    )


def _reads_confidence(part: Test | ExpressionTest) -> bool:
    return _FACT in names_in(part.text) if isinstance(part, ExpressionTest) else part.fact == _FACT


def _address_of_fact(test: Test) -> Address:
    """Where `confidence` is written, above its operators."""
    keys = test.address.keys
    return Address(test.address.path, keys[: keys.index("confidence") + 1])


def _models_of(link: Link, declarations: Declarations) -> Iterator[str]:
    for name in _names_of(link):
        tier = declarations.tiers.get(name)
        yield from (name,) if tier is None else tier.models


def _names_of(link: Link) -> tuple[str, ...]:
    if isinstance(link, Named):
        return (link.name,)
    if isinstance(link, Choice):
        return link.of
    return tuple(name for name, _ in link.weights) if isinstance(link, Split) else ()


def _is_silent(name: str, declarations: Declarations) -> bool:
    model = declarations.models.get(name)
    provider = declarations.providers.get(model.provider) if model is not None else None
    if provider is None:
        return False
    stated = provider.settings.get("logprobs")
    return stated is False or (provider.kind in _KINDS_WITHOUT and stated is not True)


def _related(model: Model) -> RelatedAddress:
    return RelatedAddress(address=model.address, message=f"`{model.name}` is declared here", part=Part.KEY)
