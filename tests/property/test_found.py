"""Disagreements with the reference that were found once, each in as few words as it takes."""

from typing import Any

import pytest

from tests.property.agreement import built, compared, seen
from tests.property.policies import Files
from tests.reference import Answer, Reference

SHARE_OF_3, SHARE_AFTER_3 = (
    "0.527707098905157119387611397431925297496491111814975738525390625",
    "0.5277070989051571194418215060562005191968637518584728240966796875",
)
"""The hash of the text `3` under the salt `s`, of which it is not below itself, and the hash after."""
AT = {"at": "2026-11-23T10:00:00Z"}


def expected(*, rule: str | None = None, tags: tuple[str, ...] = (), unknown: tuple[str, ...] = ()) -> Answer:
    """What is decided where a model is called, or none because a rule denies."""
    model = None if rule == "denied" else "m"
    effect = "deny" if rule == "denied" else "route"
    return Answer(rule=rule, effect=effect, model=model, tier=None, tags=tags, unknown=unknown)


@pytest.mark.parametrize(
    ("sections", "when", "request_", "answer"),
    [
        (
            {"default_task": "chat"},
            {"not": {"task": "code"}},
            {"task": "undeclared"},
            expected(unknown=("task",)),
        ),
        (
            {},
            {"expr": "attributes.seats > signal.risk"},
            {},
            expected(unknown=("attributes.seats",)),
        ),
        (
            {},
            {"budget": {"daily": {"left": {"lt": "$1"}}}},
            {"signals": {"budget": {"daily": {"used": 0.5}}}},
            expected(unknown=("budget.daily",)),
        ),
        (
            {},
            {"expr": "1 / budget.daily.left > 2"},
            {"signals": {"budget": {"daily": {"used": 0.5}}}},
            expected(unknown=("budget.daily",)),
        ),
        ({}, {"expr": "1 / 0 > 1"}, {}, expected(unknown=("expr",))),
        (
            {},
            {"not": {"expr": 'session == "s1"'}},
            {"signals": {"session": {"tier": "t", "model": "m", "escalations": 0, "errors": 0}}},
            expected(unknown=("session",)),
        ),
        (
            {},
            {"expr": "session.model in lower(session)"},
            {"session": "s1"},
            expected(unknown=("session",)),
        ),
        (
            {},
            {"attributes": {"seats": {"eq": 9_007_199_254_740_993}}},
            {"attributes": {"seats": 9_007_199_254_740_993}},
            expected(rule="denied"),
        ),
        (
            {"default": {"route": [{"best": ["n"], "where": {"latency": {"in": ["400ms"]}}}, "m"]}},
            {"task": "code"},
            {"task": "chat"},
            expected(),
        ),
        (
            {"default": {"route": [{"best": ["n"], "where": {"quality": {"gte": "60%"}}}, "m"]}},
            {"task": "code"},
            {"task": "chat"},
            expected(),
        ),
        (
            {},
            {"attributes": {"groups": {"has": 1}}},
            {"attributes": {"groups": [True]}},
            expected(),
        ),
        (
            {},
            {"attributes": {"groups": {"has": [False]}}, "expr": "attributes.seats not in attributes.groups"},
            {"attributes": {"groups": [False], "seats": 0}},
            expected(rule="denied"),
        ),
        (
            {"attributes": {"marks": {"type": "list", "enum": [1, "x"]}}},
            {"attributes": {"marks": {"has": "x"}}},
            {"attributes": {"marks": ["x", True]}},
            expected(unknown=("attributes.marks",)),
        ),
        *(
            (
                {"attributes": {"ratio": {"type": "number"}}},
                {"sample": {"share": share, "by": "attributes.ratio", "salt": "s"}},
                {"attributes": {"ratio": number}},
                expected(rule=rule),
            )
            for share, rule in ((SHARE_OF_3, None), (SHARE_AFTER_3, "denied"))
            for number in (3, 3.0)
        ),
        (
            {"default": {"route": ["n", "m"]}},
            {"task": "code"},
            {"task": "chat", "messages": [], "tokens": {"input": 100}},
            expected(),
        ),
    ],
    ids=[
        "undeclared task where there is a default task",
        "signal that was not asked for",
        "missing field of a signal",
        "missing field in an expression",
        "failing expression that reads nothing",
        "session signal without a session",
        "session and its signal in one expression",
        "long id",
        "list of latencies",
        "quality in per cent",
        "true where 1 is looked for in a list",
        "false in a list, where a number 0 is not",
        "true where an enum has 1",
        "an integer and its own hash",
        "a whole number and the hash of the integer",
        "an integer and the hash after",
        "a whole number and the hash after that of the integer",
        "tokens without messages",
    ],
)
def test_it_agrees_now(
    sections: dict[str, Any], when: dict[str, Any], request_: dict[str, Any], answer: Answer
) -> None:
    """The compiled graph, with a trace and without, and the reference decide as the language says."""
    files: Files = {
        "base.yaml": {
            "version": 1,
            "tasks": ["chat", "code"],
            "providers": {"own": {"kind": "fake"}},
            "models": {
                "m": {"provider": "own", "model": "m", "quality": 0.9},
                "n": {"provider": "own", "model": "n", "quality": 0.5, "context": 60},
            },
            "attributes": {"seats": {"type": "integer"}, "groups": {"type": "list"}},
            "signals": {"risk": {"type": "number"}},
            "budgets": {"daily": {"amount": "$50", "window": "day"}},
            "rules": [{"name": "denied", "when": when, "on_unknown": "skip", "then": {"deny": {"message": "no"}}}],
            "default": {"route": "m"},
            **sections,
        }
    }

    result = compared(built(files), Reference(files), {**AT, **request_})

    assert (seen(result.decision), seen(result.traced), result.expected) == (answer, answer, answer)
