"""The providers that a bundle declares, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policy_engine.model.policy import Declarations
from policy_engine.model.policy import Provider as Declaration
from policy_engine.providers.anthropic import anthropic_dialect
from policy_engine.providers.api import ApiProvider, World
from policy_engine.providers.dialect import Dialect
from policy_engine.providers.fake import FakeProvider
from policy_engine.providers.openai import openai_dialect
from policy_engine.providers.protocol import Provider
from policy_engine.providers.replay import ReplayProvider
from policy_engine.providers.settings import Settings, read_settings


class Providers:
    """
    Providers by the names of a bundle; safe under threads.

    They hold no connections: those are the transport's, which outlives a reload.
    """

    def __init__(self, declarations: Declarations, world: Callable[[], World]) -> None:
        """`world` is called when the first provider is made that needs it."""
        self._declared = declarations.providers
        self._assets = declarations.assets
        self._world = world
        self._made: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """
        The provider of that name, the same each time.

        Raises:
            KeyError: the bundle declares none.
        """
        made = self._made.get(name)
        return made if made is not None else self._made.setdefault(name, self._make(self._declared[name]))

    def _make(self, declaration: Declaration) -> Provider:
        settings = declaration.settings
        if declaration.kind == "fake":
            return FakeProvider(settings.get("reply"))
        if declaration.kind == "replay":
            return replay_of(declaration, self._assets)
        read = read_settings(declaration)
        return ApiProvider(dialect_of(declaration.kind, read), read, self._world())


def replay_of(declaration: Declaration, assets: Mapping[str, bytes]) -> ReplayProvider:
    """A provider of kind `replay`, its file among the bundle's."""
    file = str(declaration.settings.get("file", ""))
    return ReplayProvider(assets.get(file), file=file)


def dialect_of(kind: str, settings: Settings) -> Dialect:
    """
    The dialect of a kind of API.

    Raises:
        KeyError: there is no such kind.
    """
    dialects: Mapping[str, Callable[[], Dialect]] = {
        "openai": lambda: openai_dialect(settings.base_url),
        "anthropic": anthropic_dialect,
    }
    return dialects[kind]()
