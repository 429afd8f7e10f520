"""
unset-variable: a provider reads an environment variable that is not set here.

Avoid:
    providers:
      openai: {kind: openai, api_key: "${OPENAI_APIKEY}"}     # what is set is called OPENAI_API_KEY
Prefer:
    providers:
      openai: {kind: openai, api_key: "${OPENAI_API_KEY}"}
Why:
    Variables are read when a call is made, so that policies load, validate and decide on a machine that has no keys.
    Where they are to be served, a missing one would show with the first request. `policy-engine validate --check-env`
    looks for it before, on that machine and with its environment; without the option nothing is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.loader.bundle import SourceFile

CODE = "PE390"
NAME = "unset-variable"
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


def unset_variables(files: Iterable[SourceFile], environ: Mapping[str, str]) -> Iterator[Finding]:
    """A finding for every `${NAME}` in providers that is not in the environment, or empty there."""
    for address, provider in _providers(tuple(files)):
        for place, text in _texts(provider, address):
            for match in _VARIABLE.finditer(text):
                if not environ.get(match["name"]):
                    yield _finding(match, place, is_set=match["name"] in environ)


def _providers(files: Sequence[SourceFile]) -> Iterator[tuple[Address, Any]]:
    """Each provider with its address, less those that an overlay replaces."""
    replaced = {name for file in files if file.overlay for name in _section(file)}
    for file in files:
        for name, provider in _section(file).items():
            if file.overlay or name not in replaced:
                yield Address(file.path, ("providers", name)), provider


def _section(file: SourceFile) -> Mapping[str, Any]:
    providers = file.data.get("providers") if isinstance(file.data, Mapping) else None
    return providers if isinstance(providers, Mapping) else {}


def _texts(value: Any, address: Address) -> Iterator[tuple[Address, str]]:
    if isinstance(value, str):
        yield address, value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            yield from _texts(below, address.child(key))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from _texts(below, address.child(position))


def _finding(match: re.Match[str], address: Address, *, is_set: bool) -> Finding:
    name = match["name"]
    return Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"environment variable `{name}` is {'empty' if is_set else 'not set'}",
        address=address,
        help=f"set it before serving: export {name}=…",
        within=match.span(),
    )
