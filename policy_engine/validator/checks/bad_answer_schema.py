"""
bad-answer-schema: a file named by `json_schema` is no JSON Schema.

Avoid:
    # cascades.yaml
    cascades:
      strict: {steps: [{route: fast, accept: {output: {json_schema: reply.json}}}, {route: frontier}]}
    # reply.json
    {"type": "objekt"}
Prefer:
    # cascades.yaml
    cascades:
      strict: {steps: [{route: fast, accept: {output: {json_schema: reply.json}}}, {route: frontier}]}
    # reply.json
    {"type": "object"}
Why:
    A gate that checks answers against a broken schema accepts none, so every request would escalate. The file must be
    JSON, a valid schema, and complete in itself: it is never fetched from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site

CODE = "PE337"
NAME = "bad-answer-schema"
SUBJECTS = ("output",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the file is no schema, if so."""
    if part.op != "json_schema":
        return
    path = str(part.operand)
    content = site.around.declarations.assets.get(path)
    problem = None if content is None else _problem(content)
    if problem is not None:
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message=f"`{path}` {problem}",
            address=part.address,
            help="it must hold one JSON Schema that refers to nothing outside itself",
        )


def _problem(content: bytes) -> str | None:
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        return "is not JSON" if line is None else f"is not JSON (line {line})"
    if not isinstance(schema, dict | bool):
        return "is JSON, but no schema"
    outside = next(_outside_references(schema), None)
    return f"refers to `{outside}`, which is not in it" if outside is not None else _invalid(schema)


def _invalid(schema: Any) -> str | None:
    from jsonschema import exceptions, validators  # here, since few bundles need it

    try:
        validators.validator_for(schema, default=validators.Draft202012Validator).check_schema(schema)
    except exceptions.SchemaError as error:
        place = "".join(f"/{step}" for step in error.absolute_path)
        return f"is not a valid JSON Schema: {_lower(error.message)}" + (f" at `{place}`" if place else "")
    return None


def _lower(message: str) -> str:
    return message.rstrip(".").replace("'", "`")


def _outside_references(schema: Any) -> Iterator[str]:
    """References that do not stay inside the file."""
    pending = [schema]
    own = schema.get("$id") if isinstance(schema, dict) else None
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending.extend(part)
        elif isinstance(part, dict):
            target = part.get("$ref")
            if isinstance(target, str) and not target.startswith("#") and target.partition("#")[0] != own:
                yield target
            pending.extend(part.values())
