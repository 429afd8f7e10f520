"""Checkers for answers: a JSON Schema file of the bundle as a function of a value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def schema_checker(schema: bytes) -> Callable[[Any], bool]:
    """
    A function that says whether a schema accepts a JSON value.

    Args:
        schema: the file's content. One that is no schema accepts nothing; validation has told its author.
    """
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(json.loads(schema)).is_valid
    except (ValueError, TypeError, jsonschema_rs.ValidationError):
        return lambda _: False
