"""
policy_engine decides, per request, which language model answers it, by rules that live in YAML files.

    from policy_engine import Engine, Request, build, decide

The names below live in the modules that define them and are imported when first used, so importing this package
costs nothing. It is for callers: the package's own modules import each other, never this one.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.diagnostics import Diagnostic, Report, Severity
    from policy_engine.engine import Engine
    from policy_engine.errors import (
        BundleError,
        BundleInvalid,
        BundleNotFound,
        EmbedderError,
        MissingExtra,
        PolicyEngineError,
        PolicyTestsFailed,
        ReloadRefused,
        SignalError,
        SignalTimeout,
        StateError,
    )
    from policy_engine.evaluator.decide import decide, decide_async
    from policy_engine.model.decision import Decision
    from policy_engine.model.request import Request
    from policy_engine.pipeline import BuildResult, build

    __version__: str

__all__ = [
    "BuildResult",
    "BundleError",
    "BundleInvalid",
    "BundleNotFound",
    "Decision",
    "Diagnostic",
    "EmbedderError",
    "Engine",
    "MissingExtra",
    "PolicyEngineError",
    "PolicyTestsFailed",
    "ReloadRefused",
    "Report",
    "Request",
    "Severity",
    "SignalError",
    "SignalTimeout",
    "StateError",
    "__version__",
    "build",
    "decide",
    "decide_async",
]

# Where each name lives; the imports above tell type checkers the same, and a test holds the two together.
_HOMES = {
    "policy_engine.diagnostics": ("Diagnostic", "Report", "Severity"),
    "policy_engine.engine": ("Engine",),
    "policy_engine.errors": (
        "BundleError",
        "BundleInvalid",
        "BundleNotFound",
        "EmbedderError",
        "MissingExtra",
        "PolicyEngineError",
        "PolicyTestsFailed",
        "ReloadRefused",
        "SignalError",
        "SignalTimeout",
        "StateError",
    ),
    "policy_engine.evaluator.decide": ("decide", "decide_async"),
    "policy_engine.model.decision": ("Decision",),
    "policy_engine.model.request": ("Request",),
    "policy_engine.pipeline": ("BuildResult", "build"),
}


def __getattr__(name: str) -> object:
    """The public name `name`, imported on first use and kept."""
    value = _find(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Every public name, imported already or not."""
    return sorted({*globals(), *__all__})


def _find(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    for home, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
