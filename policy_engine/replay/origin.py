"""Where policies come from, so that each process can build the same ones for itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import BundleInvalid
from policy_engine.pipeline import build


class PoliciesChanged(RuntimeError):
    """A process found other policies in a folder than those that were meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A policy folder, its environment, and the revision that it must have."""

    folder: Path
    env: str | None
    revision: str

    def policies(self) -> PolicySet:
        """
        The policies, built once in the life of a process.

        Raises:
            PoliciesChanged: the folder has others now.
        """
        return _built(self)


def origin_of(folder: str | os.PathLike[str], policy_set: PolicySet, *, env: str | None) -> Origin:
    """Where these policies come from."""
    return Origin(folder=Path(folder).absolute(), env=env, revision=policy_set.revision)


def origin_at(folder: str | os.PathLike[str], *, env: str | None) -> Origin:
    """
    Where the policies of a folder come from, as they are now; the folder is named as given, for other machines.

    Raises:
        BundleNotFound: there is no such folder.
        BundleInvalid: its policies have errors.
    """
    result = build(folder, env=env)
    if result.policy_set is None:
        raise BundleInvalid(os.fspath(folder), result.report)
    return Origin(folder=Path(folder), env=env, revision=result.policy_set.revision)


@lru_cache(maxsize=512)
def _built(origin: Origin) -> PolicySet:
    policy_set = build(origin.folder, env=origin.env).policy_set
    if policy_set is None or policy_set.revision != origin.revision:
        raise PoliciesChanged(f"the policies in `{origin.folder}` changed while they were being read; try again")
    return policy_set
