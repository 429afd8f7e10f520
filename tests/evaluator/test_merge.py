"""Modifiers of several rules as one."""

from policy_engine.diagnostics import Address
from policy_engine.evaluator.merge import LIMIT_KINDS, merge_modifiers, tightest
from policy_engine.model.effect import Limit, Modifiers, Named, Route, Shadow, Stick

HERE = Address("a.yaml")


def _limit(maximum: str | int, otherwise: str = "last_answer") -> Limit:
    return Limit(max=maximum, otherwise=otherwise, address=HERE)


def _shadow(tier: str) -> Shadow:
    route = Route(chain=(Named(name=tier, address=HERE),), address=HERE)
    return Shadow(route=route, share="1%", compare="exact", budget=None, address=HERE)


def test_each_modifier_joins_in_its_own_way() -> None:
    """First rule, own rule, tighter, stricter, or all: as the language says."""
    first = Modifiers(
        remember="a", shadow=_shadow("a"), stick=Stick(by="session", period="1h", address=HERE), log="redacted",
        params={"temperature": 0, "seed": 1}, instructions="first", only=("eu", "a"), tags=("t", "a"),
        limits={"cost": _limit("$1"), "deadline": _limit("2s")},
    )  # fmt: skip
    second = Modifiers(remember="b", log="full", params={"top_p": 1}, only=("b", "eu"), tags=("b", "t"))
    own = Modifiers(
        shadow=_shadow("own"), log="full", params={"seed": 2}, instructions="own", tags=("own",),
        limits={"cost": _limit("$0.99", "fail")},
    )  # fmt: skip

    assert merge_modifiers(own, [first, second]) == Modifiers(
        remember="a",
        shadow=first.shadow,
        stick=first.stick,
        log="redacted",
        params={"seed": 2, "temperature": 0, "top_p": 1},
        instructions="own",
        only=("eu", "a", "b"),
        tags=("t", "a", "b", "own"),
        limits={"cost": _limit("$0.99", "fail"), "deadline": _limit("2s")},
    )


def test_nothing_and_nothing_is_nothing() -> None:
    """Modifiers that say nothing add nothing."""
    assert merge_modifiers(Modifiers(), [Modifiers(), Modifiers()]) == Modifiers()


def test_of_equal_limits_the_first_stays() -> None:
    """Amounts are compared whatever their units; a tie goes to who came first."""
    limits = tightest(
        [{"deadline": _limit("1s", "fail")}, None, {"deadline": _limit("1000ms")}, {"max_tokens": _limit("1k")}]
    )

    assert limits == {"deadline": _limit("1s", "fail"), "max_tokens": _limit("1k")}
    assert tightest([None, {}]) is None


def test_every_limit_of_the_language_has_a_unit() -> None:
    """The limits that can be compared are those that a policy can set."""
    assert set(LIMIT_KINDS) == {
        "escalations",
        "session_escalations",
        "escalation_rate",
        "deadline",
        "cost",
        "max_tokens",
    }
