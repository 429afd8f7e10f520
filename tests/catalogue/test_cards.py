"""A bundle's models with everything that is known about them."""

from decimal import Decimal
from typing import Any

from policy_engine.catalogue.cards import Catalogue, catalogue_of, price_of, rates_of
from policy_engine.catalogue.price_list import ListedModel
from policy_engine.diagnostics import Address
from policy_engine.model.plan import Card
from policy_engine.model.policy import Declarations, Model, Provider, Tier
from policy_engine.model.price import LongRates, Rates

HERE = Address("a.yaml")
LISTED = ListedModel(
    rates=Rates(input=Decimal("0.15"), output=Decimal("0.6"), cached_input=Decimal("0.075")), context=128_000
)


def _look_up(model: str, kind: str, base_url: str | None) -> ListedModel | None:
    return LISTED if (model, kind) == ("listed-1", "openai") and base_url is None else None


def _nobody(model: str, kind: str, base_url: str | None) -> ListedModel | None:
    raise AssertionError(f"the list was asked for {model}")


def _model(name: str, **fields: Any) -> Model:
    return Model(**{"name": name, "provider": "p", "model": "listed-1", "address": HERE, **fields})


def _provider(name: str = "p", *, kind: str = "openai", **settings: Any) -> Provider:
    return Provider(name=name, kind=kind, tags=("eu",), settings=settings, address=HERE)


def _catalogue(*models: Model, tiers: tuple[Tier, ...] = (), look_up: Any = _look_up) -> Catalogue:
    declared = Declarations(
        fingerprint="f",
        providers={"p": _provider(), "elsewhere": _provider("elsewhere", base_url="https://llm.example/v1")},
        models={model.name: model for model in models},
        tiers={tier.name: tier for tier in tiers},
    )
    return catalogue_of(declared, look_up)


def test_what_is_declared_is_read_in_plain_units() -> None:
    """Prices are dollars, counts whole, latencies seconds; the provider's tags are the model's."""
    model = _model(
        "m",
        price={"input": "$3", "output": 15, "cached_input": 0.3},
        context="200k",
        max_output="64k",
        latency="1800ms",
        quality=0.85,
        accepts=("text", "tools"),
        tags=("small",),
    )

    assert _catalogue(model, look_up=_nobody).cards == {
        "m": Card(
            name="m",
            provider="p",
            model="listed-1",
            tier=None,
            tags=frozenset(("eu", "small")),
            accepts=frozenset(("text", "tools")),
            context=200_000,
            max_output=64_000,
            input_price=Decimal(3),
            output_price=Decimal(15),
            cached_input_price=Decimal("0.3"),
            latency_s=1.8,
            quality=0.85,
        )
    }


def test_what_is_left_open_is_looked_up_and_belongs_to_the_revision() -> None:
    """The list fills in prices and context where the policies say nothing, and what it gave is told."""
    found = _catalogue(_model("open"), _model("priced", price={"input": 1, "output": 2}), _model("sized", context="8k"))

    known = {
        name: (card.input_price, card.output_price, card.cached_input_price, card.context)
        for name, card in found.cards.items()
    }
    assert known == {
        "open": (Decimal("0.15"), Decimal("0.6"), Decimal("0.075"), 128_000),
        "priced": (Decimal(1), Decimal(2), None, 128_000),
        "sized": (Decimal("0.15"), Decimal("0.6"), Decimal("0.075"), 8_000),
    }
    assert found.borrowed == {f"price:{name}": b"0.15\t0.6\t0.075\t\t\t128000" for name in ("open", "priced", "sized")}
    assert found.unpriced == ()


def test_prices_of_long_requests_are_declared_or_listed_as_a_whole() -> None:
    """A declared price has nothing of the list's mixed in; steps are in order of length, whatever their order."""
    steps = [{"above": "1M", "input": 4, "output": 8}, {"above": "200k", "input": 2, "output": 4, "cache_write": 3}]
    listed = ListedModel(rates=Rates(), long_rates=(LongRates(above_tokens=9, rates=Rates()),), context=8)
    models = (_model("declared", price={"input": 1, "output": 2, "long": steps}), _model("listed"))

    found = _catalogue(*models, look_up=lambda *_: listed).cards

    assert found["listed"].long_rates == listed.long_rates
    assert found["declared"].long_rates == (
        LongRates(above_tokens=200_000, rates=Rates(input=Decimal(2), output=Decimal(4), cache_write=Decimal(3))),
        LongRates(above_tokens=1_000_000, rates=Rates(input=Decimal(4), output=Decimal(8))),
    )
    assert [found["declared"].rates(tokens).input for tokens in (200_000, 200_001, 1_000_001)] == [1, 2, 4]


def test_a_model_that_nobody_knows_is_unpriced_and_unbounded() -> None:
    """No price is invented, and no context."""
    found = _catalogue(
        _model("own", model="own-1"), _model("other", provider="elsewhere"), _model("lost", provider="x")
    )

    assert {name: (card.input_price, card.context) for name, card in found.cards.items()} == {
        "own": (None, None), "other": (None, None), "lost": (None, None),
    }  # fmt: skip
    assert (found.unpriced, found.borrowed) == (("own", "other", "lost"), {})


def test_a_model_belongs_to_the_first_tier_that_holds_it() -> None:
    """Tiers are in order, and a model in two of them has the first."""
    tiers = (Tier(name="one", models=("a",), address=HERE), Tier(name="two", models=("a", "b"), address=HERE))

    found = _catalogue(_model("a"), _model("b"), _model("c"), tiers=tiers)

    assert {name: card.tier for name, card in found.cards.items()} == {"a": "one", "b": "two", "c": None}


def test_the_list_is_asked_only_for_what_it_can_know() -> None:
    """A provider of another kind, or none, is not looked up."""
    assert price_of(_model("m"), None, _nobody) is None
    assert price_of(_model("m"), _provider(kind="local"), _nobody) is None
    assert price_of(_model("m"), _provider(), _look_up) is LISTED


def test_what_need_not_be_declared_has_a_price_too() -> None:
    """A declared model that is the same says what an embedder costs, else the list; nobody may know."""
    priced = _model("mine", model="embed-1", price={"input": "$0.02"})
    declared = Declarations(
        fingerprint="f",
        providers={"p": _provider(), "elsewhere": _provider("elsewhere", base_url="https://llm.example/v1")},
        models={"mine": priced, "open": _model("open")},
    )
    asked = [("p", "embed-1"), ("p", "listed-1"), ("elsewhere", "embed-1"), ("p", "embed-2"), ("q", "embed-1")]

    assert [rates_of(declared, *names, look_up=_look_up) for names in asked] == [
        Rates(input=Decimal("0.02")),
        LISTED.rates,
        Rates(),
        Rates(),
        Rates(),
    ]
