"""Lines of known outcomes."""

from decimal import Decimal

import pytest

from policy_engine.replay.outcomes import Case, Recorded, read_case


def test_everything_that_is_recorded_is_read_exactly() -> None:
    """Money and scores are the decimals that are written, latencies are seconds."""
    text = (
        '{"id": "q1", "outcomes": {"cheap": {"score": true, "cost_usd": 0.1, "confidence": 0.85, "text": "yes", '
        '"input_tokens": 120, "output_tokens": 30, "latency_ms": 400, "finish_reason": "stop"}}}'
    )

    assert read_case(text) == Case(
        request={"id": "q1"},
        outcomes={
            "cheap": Recorded(
                score=Decimal(1),
                cost_usd=Decimal("0.1"),
                confidence=0.85,
                text="yes",
                input_tokens=120,
                output_tokens=30,
                latency_s=0.4,
                finish_reason="stop",
            )
        },
    )


def test_what_is_missing_or_null_is_unknown() -> None:
    """Nothing stands in for what a line does not say."""
    assert read_case('{"outcomes": {"m": {"score": null}}}').outcomes == {"m": Recorded()}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "a line must be a JSON object"),
        ('{"id": "q1"}', "`outcomes` must be a JSON object that names at least one model"),
        ('{"outcomes": {}}', "`outcomes` must be a JSON object that names at least one model"),
        ('{"outcomes": {"m": 1}}', "what `m` did must be a JSON object"),
        ('{"outcomes": {"m": {"score": "1"}}}', "`outcomes.m.score` must be a number, not `1`"),
        ('{"outcomes": {"m": {"score": NaN}}}', "`NaN` is no JSON number"),
        ('{"outcomes": {"m": {"cost_usd": -1}}}', "`outcomes.m.cost_usd` must be from 0 up, not `-1`"),
        ('{"outcomes": {"m": {"confidence": 85}}}', "`outcomes.m.confidence` must be from 0 to 1, not `85`"),
        ('{"outcomes": {"m": {"output_tokens": 1.5}}}', "`outcomes.m.output_tokens` must be a whole number, not `1.5`"),
        ('{"outcomes": {"m": {"text": 1}}}', "`outcomes.m.text` must be text"),
    ],
)
def test_a_line_that_is_no_case_says_why(text: str, reason: str) -> None:
    """The reason names the field."""
    with pytest.raises(ValueError, match=r".") as raised:
        read_case(text)

    assert str(raised.value) == reason
