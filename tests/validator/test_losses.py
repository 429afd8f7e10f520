"""What must not be called missing, because it may stand where nothing could be read."""

import pytest

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.validator.losses import Losses, joined, losses_in

BROKEN = """\
models:
  mini: {provider: openai
tiers: [{name: fast, models: [mini]}]
tasks:
  - chat
rules: [{name: a, then: {route: slow}}]
default: {route: fast}
"""


def finding(*keys: str | int) -> Finding:
    """A finding at a place of one file."""
    address = Address("a.yaml", keys)
    return Finding(code="PE202", name="wrong-type", severity=Severity.ERROR, message="x", address=address)


@pytest.mark.parametrize("name", ["mini", "fast", "chat", "openai", "a", "slow"])
def test_a_broken_file_may_declare_what_it_writes_like_a_declaration(name: str) -> None:
    """Keys, names and items of lists may be declarations; what merely is a value is a use."""
    assert Losses(texts=(BROKEN,)).may_hold(name) is (name not in ("openai", "slow"))


def test_a_broken_file_may_say_what_begins_a_line() -> None:
    """A top-level key stands at the beginning of a line."""
    losses = Losses(texts=(BROKEN,))

    assert losses.may_say("default")
    assert not losses.may_say("version")


def test_a_malformed_entry_keeps_its_name() -> None:
    """An entry that is taken out is not forgotten; one whose part is taken out, neither."""
    data = {"models": {"mini": 5, "opus": {"price": "x"}}, "tiers": [{"name": "fast"}], "tasks": ["a b"]}
    losses = losses_in(data, [finding("models", "mini"), finding("tiers", 0), finding("tasks", 0)])

    assert losses.names == {"mini", "fast", "a b"}
    assert not losses.may_hold("opus")
    assert losses.may_say("tiers")


def test_a_malformed_section_may_hold_what_is_written_in_it() -> None:
    """If a section as a whole is malformed, names in it are looked for in what was written."""
    losses = losses_in({"tiers": {"fast": ["mini"]}}, [finding("tiers")])

    assert losses.may_hold("fast")
    assert not losses.may_hold("slow")


def test_rules_lose_no_names() -> None:
    """A mistake in a rule makes no name in it look declared."""
    data = {"rules": [{"name": "a", "then": {"route": "slow", "tags": 5}}]}

    assert not losses_in(data, [finding("rules", 0, "then", "tags")]).may_hold("slow")


def test_losses_of_several_files_add_up() -> None:
    """What may be in one file may be in the bundle."""
    both = joined((Losses(names=frozenset(("a",))), Losses(texts=("b: 1",), blind=False)))

    assert (both.may_hold("a"), both.may_hold("b"), both.may_hold("c")) == (True, True, False)
    assert joined((both, Losses(blind=True))).may_hold("c")
