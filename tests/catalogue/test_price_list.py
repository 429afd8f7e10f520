"""The bundled price list."""

from decimal import Decimal

from policy_engine.catalogue.price_list import ListedModel, look_up


def test_a_listed_model_has_prices_and_a_context() -> None:
    """Well-known models of both APIs are in the list, in dollars per million tokens."""
    found = [look_up("gpt-4o-mini", "openai"), look_up("claude-haiku-4-5", "anthropic")]

    for listed in found:
        assert listed is not None
        assert listed.input_price is not None
        assert listed.output_price is not None
        assert Decimal(0) < listed.input_price < listed.output_price


def test_a_model_that_is_not_listed_is_none() -> None:
    """An unknown name, and a known one at another service, have no price."""
    assert look_up("no-such-model-of-anybody", "openai") is None
    assert look_up("gpt-4o-mini", "openai", "https://llm.example/v1") is None


def test_a_row_tells_rows_apart() -> None:
    """What enters the revision differs when any fact does, an absent one too."""
    full = ListedModel(input_price=Decimal(1), output_price=Decimal(2), cached_input_price=None, context=8)
    other = ListedModel(input_price=Decimal(1), output_price=Decimal(2), cached_input_price=Decimal(8), context=None)

    assert (full.row(), other.row()) == (b"1\t2\t\t8", b"1\t2\t8\t")
