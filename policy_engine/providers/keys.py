"""Secrets and addresses that stand in environment variables, read only when a call is made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from policy_engine.model.call import Failure, FailureKind

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced by that variable, outer white space of which is dropped; unset is empty."""
    return _VARIABLE.sub(lambda match: environment.get(match[1], "").strip(), text)


def missing_key(texts: Iterable[str], environment: Mapping[str, str], *, provider: str) -> Failure | None:
    """The Failure that names the variables of `texts` that are unset or empty; None if all are there."""
    names = dict.fromkeys(name for text in texts for name in _VARIABLE.findall(text))
    missing = [f"`{name}`" for name in names if not environment.get(name, "").strip()]
    if not missing:
        return None
    which, them = ("environment variable", "it") if len(missing) == 1 else ("environment variables", "them")
    return Failure(
        kind=FailureKind.MISSING_KEY,
        message=f"provider `{provider}` needs the {which} {', '.join(missing)}; set {them} and call again",
        elapsed_s=0.0,
    )


def secrets_in(texts: Iterable[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values that `texts` take from the environment, none of which may be shown."""
    names = (name for text in texts for name in _VARIABLE.findall(text))
    return tuple(value for name in names if (value := environment.get(name, "").strip()))
