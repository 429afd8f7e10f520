"""Where requests went, as a page and as data."""

from dataclasses import replace
from decimal import Decimal

from policy_engine.cli.render.traffic import render_traffic, traffic_json, traffic_line
from policy_engine.model.decision import Notes, Skipped
from policy_engine.replay.traffic import Choice, Row, Traffic

CHEAP = Row(
    id="a",
    task="faq",
    choice=Choice("route", "short", "fast", "mini"),
    cost_usd=Decimal("1"),
    default_usd=Decimal("10"),
    notes=Notes(
        unknown=("task",), errors=("attributes.plan: `x` is not text",), skipped=(Skipped(model="m", reason="x"),)
    ),
)
DEAR = Row(
    id="b",
    task="faq",
    choice=Choice("route", None, "frontier", "big"),
    cost_usd=Decimal("10"),
    default_usd=Decimal("10"),
    notes=Notes(),
)
ANSWER = replace(DEAR, choice=Choice("respond", "hello", None, None), cost_usd=Decimal(0))
UNPRICED = replace(DEAR, cost_usd=None)


def traffic(*rows: Row) -> Traffic:
    """What these rows add up to."""
    total = Traffic()
    for row in rows:
        total.add(row)
    return total


def test_the_page_tells_shares_costs_savings_and_oddities() -> None:
    """Three tables, largest first, then what it costs beside what `default` alone would, then what was odd."""
    assert render_traffic(traffic(CHEAP, CHEAP, DEAR, ANSWER), idle=("labels", "long")) == (
        "by rule    requests  share  est. cost  by default\n"
        "short             2  50.0%      $2.00      $20.00\n"
        "(default)         1  25.0%     $10.00      $10.00\n"
        "hello             1  25.0%         $0      $10.00\n"
        "\n"
        "by tier     requests  share  est. cost  by default\n"
        "fast               2  50.0%      $2.00      $20.00\n"
        "(no model)         1  25.0%         $0      $10.00\n"
        "frontier           1  25.0%     $10.00      $10.00\n"
        "\n"
        "by model    requests  share  est. cost  by default\n"
        "mini               2  50.0%      $2.00      $20.00\n"
        "(no model)         1  25.0%         $0      $10.00\n"
        "big                1  25.0%     $10.00      $10.00\n"
        "\n"
        "requests    4: route 3, respond 1\n"
        "estimated   $12.00 for the first calls; $40.00 if `default` decided them all: 70.0% saved\n"
        "idle        2 rules decided nothing: labels, long\n"
        "unknown     task 2\n"
        "invalid     attributes.plan 2\n"
        "skipped     m (x) 2"
    )


def test_a_price_nobody_knows_is_not_taken_for_nothing() -> None:
    """Requests without a price are counted apart, and compared with nothing."""
    page = render_traffic(traffic(UNPRICED, DEAR))

    assert page.endswith(
        "requests    2: route 2\n"
        "estimated   $10.00 for the first calls; $10.00 if `default` decided them all\n"
        "not priced  1 request, since a price is unknown"
    )
    assert "(default)         2  100.0%     $10.00      $10.00" in page
    assert "?" in render_traffic(traffic(UNPRICED))


def test_a_policy_that_costs_more_says_so() -> None:
    """A loss is not dressed up as a saving."""
    dearer = replace(DEAR, cost_usd=Decimal("15"))

    assert traffic_line(traffic(dearer)) == (
        "1 request: route 1; estimated $15.00 for the first calls; "
        "$10.00 if `default` decided them all: 50.0% more is spent"
    )


def test_a_model_in_no_tier_is_told_from_no_model() -> None:
    """By tier, calls outside all tiers are one group and answers without a call another."""
    page = render_traffic(traffic(ANSWER, replace(DEAR, choice=Choice("route", "trial", None, "candidate"))))

    assert "(no model)         1  50.0%         $0      $10.00\n(no tier)          1  50.0%     $10.00" in page


def test_without_requests_there_is_nothing_to_tell() -> None:
    """No division by zero, and no empty tables."""
    assert render_traffic(Traffic()) == traffic_line(Traffic()) == "no requests"


def test_long_lists_are_cut() -> None:
    """Of many names the first are told and the rest are counted."""
    assert "7 rules decided nothing: a, b, c, d, e and 2 more" in render_traffic(traffic(DEAR), idle=tuple("abcdefg"))


def test_the_data_has_everything() -> None:
    """Sums by effect, rule, tier and model; what has no name is null; unknown costs are null and not zero."""
    assert traffic_json(traffic(CHEAP, UNPRICED), idle=("long",)) == {
        "requests": 2,
        "cost_usd": 1.0,
        "default_cost_usd": 10.0,
        "unpriced": 1,
        "by_effect": [{"effect": "route", "requests": 2, "cost_usd": 1.0, "default_cost_usd": 10.0, "unpriced": 1}],
        "by_rule": [
            {"rule": None, "requests": 1, "cost_usd": None, "default_cost_usd": None, "unpriced": 1},
            {"rule": "short", "requests": 1, "cost_usd": 1.0, "default_cost_usd": 10.0, "unpriced": 0},
        ],
        "by_tier": [
            {"tier": "fast", "requests": 1, "cost_usd": 1.0, "default_cost_usd": 10.0, "unpriced": 0},
            {"tier": "frontier", "requests": 1, "cost_usd": None, "default_cost_usd": None, "unpriced": 1},
        ],
        "by_model": [
            {"model": "big", "requests": 1, "cost_usd": None, "default_cost_usd": None, "unpriced": 1},
            {"model": "mini", "requests": 1, "cost_usd": 1.0, "default_cost_usd": 10.0, "unpriced": 0},
        ],
        "idle_rules": ["long"],
        "unknown": {"task": 1},
        "errors": {"attributes.plan": 1},
        "skipped": [{"model": "m", "reason": "x", "requests": 1}],
    }


def test_parts_add_up_to_the_whole() -> None:
    """Chunks that were counted apart and merged tell the same as one count."""
    apart = traffic(CHEAP, ANSWER)
    apart.merge(traffic(DEAR, UNPRICED))

    assert traffic_json(apart) == traffic_json(traffic(CHEAP, ANSWER, DEAR, UNPRICED))
