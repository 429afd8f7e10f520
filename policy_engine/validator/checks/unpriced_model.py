"""
unpriced-model: a model has no price, neither declared nor in the price list.

Avoid:
    models:
      homegrown: {provider: openai, model: our-own-model-7b}
Prefer:
    models:
      homegrown: {provider: openai, model: our-own-model-7b, price: {input: 0, output: 0}}
Why:
    What a request costs is computed from prices. Without one, the cost of this model is shown as unknown: it counts
    towards no budget and no cost limit, and the savings report leaves it out. A model of your own may well cost 0.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import Site

CODE = "PE338"
NAME = "unpriced-model"
SUBJECTS = (Declarations,)
_FREE_OF_CHARGE = ("fake", "replay")


def check(part: Declarations, site: Site) -> Iterator[Finding]:
    """One warning for each model without a price."""
    prices = site.around.prices
    if prices is None:
        return
    for model in part.models.values():
        provider = part.providers.get(model.provider)
        if provider is None or provider.kind in _FREE_OF_CHARGE:
            continue
        if model.price is None and prices(model, provider) is None:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.WARNING,
                message=f"model `{model.name}` has no price, and the price list has none for `{model.model}`",
                address=model.address,
                part=Part.KEY,
                help="add `price: {input: …, output: …}`, USD per million tokens",
            )
