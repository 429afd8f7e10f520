"""Tests of what a record says, and of what it keeps to itself."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal

from policy_engine.ledger.describe import record_of
from policy_engine.ledger.privacy import Log
from policy_engine.ledger.record import Call, Record
from policy_engine.model.call import Failure, FailureKind
from policy_engine.model.outcome import Status
from tests.ledger.entries import ANSWER, AT_S, CALLS, MESSAGE, decision, entry, facts, outcome


def sha256(text: str) -> str:
    """The hash of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


RECORD = Record(
    id="e1",
    at_us=round(AT_S * 1e6),
    elapsed_ms=1512.5,
    request_id="r1",
    session="c1",
    user="u1",
    revision="sha256:abc",
    generation=3,
    rule="replies",
    effect="cascade",
    tier="fast",
    model="mini",
    task="chat",
    attributes={"email": "jo@example.org"},
    signals={"signal.risk": None, "session": {"escalations": 2, "errors": 0}},
    unknown=("signal.risk",),
    errors=("attributes.plan",),
    skipped=("tiny: it does not take tools",),
    tags=("paid",),
    message_chars=32,
    message_tokens=8,
    input_chars=32,
    input_tokens=8,
    message_sha256=sha256(MESSAGE),
    status="accepted",
    answered_by="opus",
    answer_chars=8,
    answer_sha256=sha256(ANSWER),
    escalations=1,
    cost_usd=Decimal("1.1000001234"),
    limit="escalations",
    cache="miss",
    log="hash",
    error=None,
    message=None,
    answer=None,
    calls=(
        Call(
            position=0,
            purpose="answer",
            step=0,
            model="mini",
            tier="fast",
            input_tokens=8,
            cached_input_tokens=4,
            cache_write_tokens=2,
            output_tokens=3,
            cost_usd=Decimal("0.0000001234"),
            elapsed_ms=12.5,
            first_token_ms=3.5,
            verdict="false",
            reasons=("output.confidence gte 0.85 does not hold",),
            failure=None,
            failure_status=None,
            failure_text=None,
        ),
        Call(
            position=1,
            purpose="answer",
            step=1,
            model="sonnet",
            tier="workhorse",
            input_tokens=None,
            cached_input_tokens=None,
            cache_write_tokens=None,
            output_tokens=None,
            cost_usd=Decimal(0),
            elapsed_ms=None,
            first_token_ms=None,
            verdict=None,
            reasons=(),
            failure="server",
            failure_status=500,
            failure_text=None,
        ),
        Call(
            position=2,
            purpose="answer",
            step=1,
            model="opus",
            tier="workhorse",
            input_tokens=None,
            cached_input_tokens=None,
            cache_write_tokens=None,
            output_tokens=None,
            cost_usd=Decimal("1.10"),
            elapsed_ms=None,
            first_token_ms=None,
            verdict=None,
            reasons=(),
            failure=None,
            failure_status=None,
            failure_text=None,
        ),
    ),
)


def test_a_record_says_everything_but_texts() -> None:
    """By default a record has lengths and hashes of texts and none of the words, wherever they were quoted."""
    record = record_of(entry())

    assert record == RECORD
    assert "jo@" not in repr(replace(record, attributes={}))


def test_a_request_that_was_only_decided_has_no_result() -> None:
    """Without outcome a record says what was decided."""
    decided = record_of(entry(outcome=None))

    assert decided == replace(
        RECORD,
        status="decided",
        answered_by=None,
        answer_chars=None,
        answer_sha256=None,
        escalations=0,
        cost_usd=None,
        limit=None,
        calls=(),
    )


def test_a_rule_can_have_texts_kept() -> None:
    """With `log: full` message, answer and what providers said are kept as they are."""
    record = record_of(entry(log="full"))

    assert (record.log, record.message, record.answer) == ("full", MESSAGE, ANSWER)
    assert record.calls[1].failure_text == f"cannot read {MESSAGE}"
    assert record.errors == ("attributes.plan: `7` is not text",)


def test_a_rule_can_have_texts_redacted() -> None:
    """With `log: redacted` what looks personal is taken out of every text."""
    record = record_of(entry(log="redacted"))

    assert (record.log, record.message) == ("redacted", "Write to [email], please.")
    assert record.calls[1].failure_text == "cannot read Write to [email], please."


def test_a_rule_can_have_nothing_kept() -> None:
    """With `log: none` not even hashes are kept, whatever is usual."""
    record = record_of(entry(log="none"), log=Log.FULL)

    assert record == replace(RECORD, log="none", message_sha256=None, answer_sha256=None)


def test_masks_cover_what_they_name() -> None:
    """What a path covers is masked, a masked text has no hash, and an invalid value is not quoted."""
    masks = ("attributes.email", "signals.session", "user", "message")
    record = record_of(entry(log="full"), masks=masks)

    assert (record.user, record.session, record.message) == ("[masked]", "c1", "[masked]")
    assert record.attributes == {"email": "[masked]"}
    assert record.signals == {"signal.risk": None, "session": "[masked]"}
    assert (record.message_sha256, record.errors) == (None, ("attributes.plan",))


def test_a_gate_s_answer_and_a_cache_s_entry_are_no_signals() -> None:
    """Signals are kept by the fields that rules read; the texts that facts hold besides are not."""
    known = facts()
    known.signals = {"output": {"text": ANSWER}, "cache.c": {"similarity": 0.97, "hit": True, "entry": ANSWER}}

    assert record_of(entry(facts=known)).signals == {"cache.c": {"similarity": 0.97, "hit": True}}


def test_an_error_is_told_without_quoting() -> None:
    """Where texts are not kept, kinds of failure say why there is no answer, or else the engine's own words."""
    quoting = outcome(status=Status.FAILED, text="", error=f"sonnet: cannot read {MESSAGE}")
    own = outcome(status=Status.FAILED, text="", calls=(), error="the limit `cost` was reached")

    assert record_of(entry(outcome=quoting)).error == "sonnet: server"
    assert record_of(entry(outcome=quoting, log="full")).error == f"sonnet: cannot read {MESSAGE}"
    assert record_of(entry(outcome=own)).error == "the limit `cost` was reached"


def test_an_unknown_cost_stays_unknown() -> None:
    """A request with a call of unknown cost has no cost."""
    unpriced = replace(CALLS[0], cost_usd=None)

    assert record_of(entry(outcome=outcome(calls=(unpriced, CALLS[2])))).cost_usd is None


def test_text_that_is_no_unicode_is_kept_all_the_same() -> None:
    """Half a character does not keep a record from being made."""
    broken = "\ud83d" + "!"
    failure = Failure(kind=FailureKind.SERVER, message=broken, elapsed_s=0.1)
    made = entry(
        decision=decision("full"),
        facts=facts(input=broken, user=broken),
        outcome=outcome(text=broken, error=broken, calls=(replace(CALLS[1], failure=failure),)),
    )

    record = record_of(made)

    assert (record.message, record.answer, record.user, record.error) == ("?!", "?!", "?!", "?!")
    assert record.calls[0].failure_text == "?!"
