"""One policy set at work on recorded outcomes."""

from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.model.outcome import Status
from policy_engine.replay.replayer import Replayed, Replayer
from tests.replay.bundles import CASCADE, NOW, case, outcome, policies


def replay(folder: Path, text: str, *cases: object) -> list[Replayed]:
    """What these policies do with these cases, in order."""
    replayer = Replayer(policies(folder, text), now=NOW)
    return [replayer.replay(one) for one in cases]


def test_an_answer_at_the_threshold_is_accepted(tmp_path: Path) -> None:
    """The gate sees the recorded confidence to the last bit, and only the cheap call is paid."""
    accepted = case(cheap=outcome(0.5, 0.0004, confidence=0.85), dear=outcome(1.0, 0.009))

    assert replay(tmp_path, CASCADE, accepted) == [
        Replayed(
            rule=None,
            status=Status.ACCEPTED,
            score=Decimal("0.5"),
            cost_usd=Decimal("0.0004"),
            calls={"cheap": 1},
            escalated=False,
            cached=False,
            missing=(),
            limit=None,
        )
    ]


def test_an_answer_below_the_threshold_escalates_and_both_calls_are_paid(tmp_path: Path) -> None:
    """The score is the last model's."""
    (result,) = replay(tmp_path, CASCADE, case(cheap=outcome(0, 0.0004, confidence=0.8499), dear=outcome(1.0, 0.009)))

    assert (result.score, result.cost_usd, result.escalated) == (Decimal("1.0"), Decimal("0.0094"), True)
    assert result.calls == {"cheap": 1, "dear": 1}


def test_a_missing_confidence_escalates_as_when_serving_and_is_told(tmp_path: Path) -> None:
    """Unknown is not accepted; what was missing is in words."""
    (result,) = replay(tmp_path, CASCADE, case(cheap=outcome(), dear=outcome()))

    assert (result.escalated, result.missing) == (True, ("`cheap`: output.confidence >= 0.85 is unknown",))


GATES = """\
cascades:
  unsure:
    steps: [{route: low, accept: {output: %s}}, {route: high}]
default: {cascade: unsure}
"""


@pytest.mark.parametrize(
    ("gate", "recorded", "escalated", "missing"),
    [
        ("{chars: {gte: 3}}", {"text": "yes"}, False, ()),
        ("{chars: {gte: 3}}", {}, True, ("`cheap`: output.chars >= 3 is unknown",)),
        ("{json: true}", {}, True, ("`cheap`: output is json is unknown",)),
        ("{tokens: {lt: 50}}", {"output_tokens": 49}, False, ()),
        ("{tokens: {lt: 50}}", {"text": "yes"}, True, ("`cheap`: output.tokens < 50 is unknown",)),
        ("{finish_reason: stop}", {"finish_reason": "stop"}, False, ()),
        ("{finish_reason: stop}", {}, True, ("`cheap`: output.finish_reason == stop is unknown",)),
        ("{confidence: {gte: 0}}", {"confidence": 0}, False, ()),
    ],
)
def test_gates_know_what_is_recorded_and_nothing_else(
    gate: str, recorded: dict[str, object], escalated: bool, missing: tuple[str, ...], tmp_path: Path
) -> None:
    """A text that was not kept has no length, and tokens are not estimated from a text."""
    (result,) = replay(tmp_path, GATES % gate, case(cheap=outcome(**recorded), dear=outcome()))

    assert (result.escalated, result.missing) == (escalated, missing)


def test_a_judge_was_not_recorded(tmp_path: Path) -> None:
    """What a judge would have said, and cost, nobody knows."""
    gate = "{judge: {model: dear, question: Is it right?, score: {gte: 0.5}}}"
    (result,) = replay(tmp_path, GATES % gate, case(cheap=outcome(), dear=outcome()))

    assert (result.score, result.cost_usd) == (Decimal("1.0"), None)
    assert result.missing[0] == "the judgement of `dear`"


def test_a_model_without_an_outcome_leaves_everything_unknown(tmp_path: Path) -> None:
    """Nothing is put in its place, neither another model nor a price."""
    (result,) = replay(tmp_path, CASCADE, case(cheap=outcome(confidence=0.1)))

    assert (result.score, result.cost_usd, result.calls) == (None, None, {"cheap": 1, "dear": 1})
    assert result.missing == ("an outcome of `dear`",)


def test_outcomes_may_have_the_providers_names(tmp_path: Path) -> None:
    """A model is looked up by the policy's name, then by the provider's."""
    one = case(cheap=outcome(0.25, confidence=0.9))
    named = type(one)(request=one.request, outcomes={"vendor-cheap": one.outcomes["cheap"]})

    assert replay(tmp_path, CASCADE, named)[0].score == Decimal("0.25")


def test_a_missing_cost_or_score_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    """Both are told."""
    (result,) = replay(tmp_path, "default: {route: low}\n", case(cheap={"confidence": 1}))

    assert (result.score, result.cost_usd) == (None, None)
    assert result.missing == ("`cost_usd` of `cheap`", "the score of the answer")


LIMITED = CASCADE.replace("[{route: high}]", "") + "rules: [{name: all, then: {limits: %s}}]\n"


def test_a_deadline_goes_by_recorded_latencies(tmp_path: Path) -> None:
    """The first answer took the time that the second would have needed."""
    slow = case(cheap=outcome(0.5, confidence=0.1, latency_ms=1000), dear=outcome(latency_ms=100))

    (result,) = replay(tmp_path, LIMITED % "{deadline: 1s}", slow)

    assert (result.status, result.limit, result.score) == (Status.NOT_ACCEPTED, "deadline", Decimal("0.5"))


def test_a_deadline_without_a_latency_is_told(tmp_path: Path) -> None:
    """The call counts as immediate, and the request as one of which something is missing."""
    (result,) = replay(tmp_path, LIMITED % "{deadline: 1s}", case(cheap=outcome(confidence=1), dear=outcome()))

    assert result.missing == ("`latency_ms` of `cheap`, for a deadline",)


def test_an_answer_after_the_providers_timeout_is_none(tmp_path: Path) -> None:
    """It is paid all the same, and the next model is asked."""
    late = case(cheap=outcome(0, 0.01, latency_ms=6000), dear=outcome(1, 0.1, latency_ms=10))

    (result,) = replay(tmp_path, "default: {route: [cheap, dear]}\n", late)

    assert (result.score, result.cost_usd, result.escalated) == (Decimal(1), Decimal("0.11"), False)


def test_a_cost_limit_counts_what_was_really_paid(tmp_path: Path) -> None:
    """The recorded cost of the first call leaves no room for the second, whose bound is made from prices."""
    paid = case(cheap=outcome(0.5, 0.05, confidence=0.1), dear=outcome())

    (result,) = replay(tmp_path, LIMITED % "{cost: $0.10}", paid)

    assert (result.status, result.limit) == (Status.NOT_ACCEPTED, "cost")


BUDGET = """\
budgets: {daily: {amount: $0.03, window: day, zone: UTC, scope: [tenant]}}
rules: [{name: spent, when: {budget: {daily: {used: {gte: 60%}}}}, then: {respond: {text: enough}}}]
default: {route: low}
"""


def test_budgets_fill_up_in_order_and_per_scope(tmp_path: Path) -> None:
    """Once a tenant has spent its share, its next request is answered otherwise; another's is not."""
    attributes = [{"tenant": "a"}, {"tenant": "a"}, {"tenant": "a"}, {"tenant": "b"}]
    cases = [case(f"q{n}", cheap=outcome(), params={"max_tokens": 10}, attributes=a) for n, a in enumerate(attributes)]

    results = replay(tmp_path, BUDGET, *cases)

    assert [result.status.value for result in results] == ["accepted", "accepted", "answered", "accepted"]


def test_budgets_start_again_with_their_window(tmp_path: Path) -> None:
    """The clock is the requests' own."""
    moments = ["2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z"]
    cases = [
        case(cheap=outcome(), params={"max_tokens": 10}, attributes={"tenant": "a"}, at=moment) for moment in moments
    ]

    results = replay(tmp_path, BUDGET, *cases)

    assert [result.status.value for result in results] == ["accepted", "accepted", "answered", "accepted"]


def test_an_escalation_rate_trips_after_what_was_seen(tmp_path: Path) -> None:
    """Execution then starts at the declared tier."""
    text = CASCADE.replace(
        "    steps:",
        "    limits: {escalation_rate: {max: 50%, window: 1h, min_requests: 2, otherwise: high}}\n    steps:",
    )
    cases = [case(f"q{n}", cheap=outcome(confidence=0.1), dear=outcome()) for n in range(3)]

    results = replay(tmp_path, text, *cases)

    assert [dict(result.calls) for result in results] == [
        {"cheap": 1, "dear": 1},
        {"cheap": 1, "dear": 1},
        {"dear": 1},
    ]


def test_a_request_that_may_not_escalate_says_nothing_of_the_rate(tmp_path: Path) -> None:
    """As when serving, the limit stays where it is: what it held back is no request that did without escalating."""
    text = CASCADE.replace(
        "    steps:",
        "    limits: {escalation_rate: {max: 50%, window: 1h, min_requests: 2, otherwise: last_answer}}\n    steps:",
    )
    cases = [case(f"q{n}", cheap=outcome(confidence=0.1), dear=outcome()) for n in range(6)]

    results = replay(tmp_path, text, *cases)

    assert [result.escalated for result in results] == [True, True, False, False, False, False]


def test_a_cache_hit_costs_nothing_and_its_score_is_unknown(tmp_path: Path) -> None:
    """Outcomes say what models answered, not what an earlier answer would have been worth here."""
    text = (
        "caches: {seen: {kind: exact}}\nrules: [{name: hit, then: {respond: {cache: seen}}}]\ndefault: {route: low}\n"
    )
    hit = case(cheap=outcome(), signals={"cache": {"seen": {"hit": True, "similarity": 1}}})

    (result,) = replay(tmp_path, text, hit)

    assert (result.cached, result.cost_usd, result.score) == (True, Decimal(0), None)


CACHED = """\
caches: {seen: {kind: exact, ttl: 1h}}
rules:
  - {name: keep, then: {remember: seen}}
  - {name: hit, when: {cache: {seen: {hit: true}}}, then: {respond: {cache: seen}}}
default: {route: low}
"""


def test_caches_fill_up_as_when_serving(tmp_path: Path) -> None:
    """The same question comes out of the cache until its time is over; another one does not."""
    told = {"cheap": outcome(text="noon", finish_reason="stop")}
    asked = [("10:00", "When?"), ("10:30", "When?"), ("10:40", "Where?"), ("12:00", "When?")]
    cases = [case(at=f"2026-11-24T{at}:00Z", input=text, **told) for at, text in asked]

    results = replay(tmp_path, CACHED, *cases)

    assert [(result.cached, result.cost_usd) for result in results] == [
        (False, Decimal("0.01")),
        (True, Decimal(0)),
        (False, Decimal("0.01")),
        (False, Decimal("0.01")),
    ]


def test_an_answer_whose_text_was_not_recorded_is_not_kept(tmp_path: Path) -> None:
    """Nobody knows what the cache would hold, and that is told."""
    results = replay(tmp_path, CACHED, case(cheap=outcome()), case(cheap=outcome()))

    assert [result.cached for result in results] == [False, False]
    assert results[0].missing == (
        "`finish_reason` of an answer for cache `seen`",
        "`text` of an answer for cache `seen`",
    )


def test_what_a_rule_could_not_know_is_missing_too(tmp_path: Path) -> None:
    """Facts that left a rule unknown are named as in a decision."""
    text = "rules: [{name: a, when: {attributes: {tenant: x}}, then: {route: high}}]\ndefault: {route: low}\n"

    (result,) = replay(tmp_path, text, case(cheap=outcome()))

    assert result.missing == ("attributes.tenant",)
