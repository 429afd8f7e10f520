"""Events as lines of JSON, one per event, for whatever collects logs."""

from __future__ import annotations

from dataclasses import fields
from typing import TextIO

import structlog

from policy_engine.model.events import (
    CacheFileFailed,
    Emit,
    Event,
    LastGoodFailed,
    LastGoodServed,
    LedgerFailed,
    ReloadFailed,
    ReloadHeld,
    ShadowDropped,
    ShadowFailed,
    SignalFailed,
    WatcherBlind,
)

_WARNINGS = (
    CacheFileFailed,
    LastGoodFailed,
    LastGoodServed,
    LedgerFailed,
    ReloadFailed,
    ReloadHeld,
    ShadowDropped,
    ShadowFailed,
    SignalFailed,
    WatcherBlind,
)


def json_lines(stream: TextIO | None = None) -> Emit:
    """
    A receiver of events that writes each as one line of JSON: `event`, `level`, `timestamp` (UTC) and its fields.

    Exceptions are left out, since their text may quote a request. None means standard output.
    """
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
        ],
        wrapper_class=structlog.BoundLogger,
    )

    def emit(event: Event) -> None:
        said = {field.name: getattr(event, field.name) for field in fields(event) if field.repr}
        log = logger.warning if isinstance(event, _WARNINGS) else logger.info
        log(event.name, **said)

    return emit
