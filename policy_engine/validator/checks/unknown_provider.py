"""
unknown-provider: a model or an embedder names a provider that nothing declares.

Avoid:
    providers:
      openai: {kind: openai, api_key: "${OPENAI_API_KEY}"}
    models:
      tiny: {provider: opneai, model: gpt-4o-mini}
Prefer:
    providers:
      openai: {kind: openai, api_key: "${OPENAI_API_KEY}"}
    models:
      tiny: {provider: openai, model: gpt-4o-mini}
Why:
    A provider says where a model is called and with which key. A model without one could be chosen but never called.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding
from policy_engine.model.policy import Declarations
from policy_engine.validator.suggestion import closest
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name

CODE = "PE313"
NAME = "unknown-provider"
SUBJECTS = (Declarations,)


def check(part: Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each use of an undeclared provider."""
    namespace = Namespace(word="provider", sections={"providers": part.providers})
    for name, address in _providers_in(part):
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address)


def _providers_in(declarations: Declarations) -> Iterator[tuple[str, Address]]:
    for model in declarations.models.values():
        if model.provider:
            yield model.provider, model.address.child("provider")
    for setting in (*declarations.caches.values(), *declarations.phrases.values()):
        provider, slash, _ = str(setting.value.get("embedder", "")).partition("/")
        # A local model may have a slash in its name too, so only a near miss counts.
        if slash and closest(provider, declarations.providers) is not None:
            yield provider, setting.address.child("embedder")
