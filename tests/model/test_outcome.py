"""Outcomes as values, and as schema outcome.v1 has them."""

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import jsonschema

from policy_engine.evaluator.decide import decide
from policy_engine.model.call import Failure, FailureKind, Usage
from policy_engine.model.outcome import CallRecord, Outcome, Status
from policy_engine.model.request import Request
from policy_engine.model.schemas import read_schema
from tests.executor.worlds import policy_set

VALIDATOR = jsonschema.Draft7Validator(read_schema("outcome"))
FAILED = Failure(
    kind=FailureKind.RATE_LIMIT, message="slow down", elapsed_s=0.1, status=429, retry_after_s=3.0, may_be_billed=False
)
CALLS = (
    CallRecord(step=0, model="small", tier="fast", failure=FAILED, cost_usd=Decimal(0), elapsed_ms=100.0),
    CallRecord(
        step=0,
        model="spare",
        tier="fast",
        usage=Usage(input_tokens=9, output_tokens=2, cached_input_tokens=3, cache_write_tokens=4),
        cost_usd=Decimal("0.25"),
        elapsed_ms=100.0,
        first_token_ms=50.0,
        verdict="unknown",
        reasons=("signal.risk < 1 is unknown",),
    ),
    CallRecord(step=1, model="large", tier=None, cost_usd=Decimal("0.5"), verdict="true"),
)


def outcome_of(folder: Path, **more: object) -> Outcome:
    """An outcome of three calls."""
    decision = decide(policy_set(folder), Request(id="r1", task="chat", input="x"))
    return Outcome(decision=decision, **{"status": Status.ACCEPTED, "text": "y", "calls": CALLS, **more})


def test_an_outcome_is_as_its_schema_says(tmp_path: Path) -> None:
    """Every field of the schema is there and no other, for an outcome with everything as for one with nothing."""
    full = outcome_of(
        tmp_path,
        message={"role": "assistant", "content": "y"},
        limit="cost",
        kept="spare",
        put_off=("small",),
        error="none",
    )
    bare = outcome_of(tmp_path, status=Status.FAILED, text="", calls=())

    for outcome in (full, bare):
        written = outcome.to_json()
        VALIDATOR.validate(written)
        jsonschema.Draft7Validator(read_schema("decision")).validate(written["decision"])
        assert written.keys() == read_schema("outcome")["properties"].keys()
    assert {field.name for field in fields(CallRecord)} == read_schema("outcome")["definitions"]["call"][
        "properties"
    ].keys()


def test_the_schema_knows_every_way_to_end_and_to_fail() -> None:
    """A new status or kind of failure has to be written down there too."""
    schema = read_schema("outcome")
    failure = schema["definitions"]["call"]["properties"]["failure"]["properties"]

    assert schema["properties"]["status"]["enum"] == [status.value for status in Status]
    assert failure["kind"]["enum"] == [kind.value for kind in FailureKind]


def test_a_cost_that_is_unknown_makes_the_sum_unknown(tmp_path: Path) -> None:
    """The sum is exact, and never that of the known part alone."""
    known = outcome_of(tmp_path)
    unknown = outcome_of(tmp_path, calls=(*CALLS, CallRecord(step=2, model="spare", tier="fast")))

    assert (known.cost_usd, unknown.cost_usd) == (Decimal("0.75"), None)
    assert (known.escalations, known.escalated_unsure) == (1, True)
