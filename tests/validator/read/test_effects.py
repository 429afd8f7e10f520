"""`then`, routes and limits read into effects."""

from typing import Any

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.effect import (
    Choice,
    Deny,
    Limit,
    Modifiers,
    Named,
    Preference,
    Requested,
    Respond,
    Route,
    RunCascade,
    Shadow,
    Split,
    Stick,
    Terminal,
)
from policy_engine.validator.read.effects import read_limits, read_route, read_then

HERE = Address("a.yaml", ("then",))
ROUTE = HERE.child("route")

TERMINALS: dict[str, tuple[dict[str, Any], Terminal | None]] = {
    "a tier": ({"route": "fast"}, Route(chain=(Named(name="fast", address=ROUTE),), address=ROUTE)),
    "what was asked for": ({"route": "requested"}, Route(chain=(Requested(address=ROUTE),), address=ROUTE)),
    "a chain": (
        {"route": ["requested", "fast"]},
        Route(
            chain=(Requested(address=ROUTE.child(0)), Named(name="fast", address=ROUTE.child(1))),
            address=ROUTE,
        ),
    ),
    "a choice": (
        {"route": {"cheapest": ["a", "b"], "where": {"quality": {"gte": 0.8}, "tags": ["eu"]}}},
        Route(
            chain=(
                Choice(
                    preference=Preference.CHEAPEST,
                    of=("a", "b"),
                    ranges=(("quality", "gte", 0.8),),
                    tags=("eu",),
                    address=ROUTE,
                ),
            ),
            address=ROUTE,
        ),
    ),
    "a split": (
        {"route": {"split": {"a": 90, "b": 10}, "by": "attributes.tenant"}},
        Route(chain=(Split(weights=(("a", 90.0), ("b", 10.0)), by="attributes.tenant", address=ROUTE),), address=ROUTE),
    ),
    "a cascade": ({"cascade": "c"}, RunCascade(name="c", address=HERE.child("cascade"))),
    "a refusal": (
        {"deny": {"status": 429, "message": "slow down"}},
        Deny(address=HERE.child("deny"), status=429, message="slow down"),
    ),
    "a short refusal": ({"deny": {"status": 400}}, Deny(address=HERE.child("deny"), status=400)),
    "a text": ({"respond": {"text": "hi"}}, Respond(address=HERE.child("respond"), text="hi")),
    "false": ({"respond": {"json": False}}, Respond(address=HERE.child("respond"), json=False)),
    "a template": ({"respond": {"template": "a.txt"}}, Respond(address=HERE.child("respond"), template="a.txt")),
    "a cache": ({"respond": {"cache": "c"}}, Respond(address=HERE.child("respond"), cache="c")),
    "a modifier": ({"tags": ["a"]}, None),
    "a piece that was lost": ({"route": {"where": {}}}, None),
}


@pytest.mark.parametrize(("written", "terminal"), TERMINALS.values(), ids=TERMINALS.keys())
def test_each_terminal_effect_is_read_as_the_language_says(written: dict[str, Any], terminal: Terminal | None) -> None:
    """Every way to write a terminal effect gives its noun, at its place."""
    then = read_then(written, HERE)

    assert then.terminal == terminal
    assert then.address == HERE


def test_all_modifiers_are_read() -> None:
    """What a rule adds without deciding stands in its modifiers."""
    written = {
        "remember": "c",
        "shadow": {"route": "fast", "share": "5%", "compare": "judge", "budget": "$5/day", "judge": {"model": "m"}},
        "limits": {"cost": "$1"},
        "params": {"max_tokens": 5},
        "instructions": "be brief",
        "only": {"tags": ["eu"]},
        "stick": {"for": "30m"},
        "log": "none",
        "tags": ["a"],
    }
    shadow = HERE.child("shadow")

    assert read_then(written, HERE).modifiers == Modifiers(
        remember="c",
        shadow=Shadow(
            route=Route(chain=(Named(name="fast", address=shadow.child("route")),), address=shadow.child("route")),
            share="5%",
            compare="judge",
            budget="$5/day",
            address=shadow,
            judge_model="m",
        ),
        limits={"cost": Limit(max="$1", otherwise="last_answer", address=HERE.child("limits", "cost"))},
        params={"max_tokens": 5},
        instructions="be brief",
        only=("eu",),
        stick=Stick(by="session", period="30m", address=HERE.child("stick")),
        log="none",
        tags=("a",),
    )


def test_a_limit_says_what_happens_there() -> None:
    """A limit's `otherwise` is a word, a tier, an answer or a refusal."""
    written = {
        "escalations": 2,
        "escalation_rate": {"max": "30%", "window": "1h", "min_requests": 100, "otherwise": "fast"},
        "deadline": {"max": "8s", "otherwise": {"respond": {"text": "later"}}},
        "cost": {"max": 1, "otherwise": {"deny": {"status": 402}}},
        "max_tokens": None,
    }
    at = HERE.child

    assert read_limits(written, HERE) == {
        "escalations": Limit(max=2, otherwise="last_answer", address=at("escalations")),
        "escalation_rate": Limit(
            max="30%", otherwise="fast", address=at("escalation_rate"), window="1h", min_requests=100
        ),
        "deadline": Limit(
            max="8s",
            otherwise=Respond(address=at("deadline", "otherwise", "respond"), text="later"),
            address=at("deadline"),
        ),
        "cost": Limit(max=1, otherwise=Deny(address=at("cost", "otherwise", "deny"), status=402), address=at("cost")),
    }


@pytest.mark.parametrize("written", [None, 5, [], {}, {"split": 5}, [None], {"best": None, "where": 3}])
def test_what_is_no_route_is_none_or_empty(written: object) -> None:
    """Reading a route never fails, whatever stands there."""
    route = read_route(written, HERE)

    assert route is None or all(isinstance(link, Choice) for link in route.chain)


@pytest.mark.parametrize("written", [None, 5, [], "x", {"respond": 5}, {"deny": None}, {"shadow": 5, "stick": []}])
def test_nothing_is_too_odd_for_an_effect(written: object) -> None:
    """Reading an effect never fails, whatever stands there."""
    assert read_then(written, HERE).modifiers.shadow is None
