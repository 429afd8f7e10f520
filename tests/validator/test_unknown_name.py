"""What is told about a name that nothing declares."""

from datetime import date

import pytest

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.model.policy import Declarations
from policy_engine.validator.losses import Losses
from policy_engine.validator.surroundings import FactTable, Site, Surroundings
from policy_engine.validator.unknown_name import Namespace, unknown_name

HERE = Address("a.yaml", ("rules", 0, "then", "route"))
TIERS = Address("b.yaml", ("tiers",))


def told(name: str, *, losses: Losses | None = None, **sections: tuple[str, ...]) -> list[Finding]:
    """The findings for a name, with these sections declared in `b.yaml`."""
    declarations = Declarations(fingerprint="")
    around = Surroundings(
        declarations=declarations,
        facts=FactTable(declarations),
        tasks=frozenset(),
        today=date(2026, 11, 24),
        sections={"tiers": TIERS},
        losses=losses or Losses(),
    )
    namespace = Namespace(word="tier", sections=sections)
    return list(unknown_name(name, namespace, code=("PE301", "unknown-tier"), site=Site(around=around), address=HERE))


def test_a_finding_names_what_was_meant_and_where_it_is_declared() -> None:
    """The whole finding for a slip of the pen."""
    assert told("workhrose", tiers=("fast", "workhorse")) == [
        Finding(
            code="PE301",
            name="unknown-tier",
            severity=Severity.ERROR,
            message="unknown tier `workhrose`",
            address=HERE,
            help="did you mean `workhorse`?",
            related=(RelatedAddress(address=TIERS, message="tiers are declared here", part=Part.KEY),),
        )
    ]


@pytest.mark.parametrize(
    ("tiers", "help"),
    [
        ((), "declare it under `tiers`"),
        (("fast",), "write `fast`, or declare it under `tiers`"),
        (("fast", "slow", "dear"), "write `fast`, `slow` or `dear`, or declare it under `tiers`"),
        (tuple(f"tier-of-many-{i}" for i in range(20)), "declare it under `tiers`"),
    ],
)
def test_help_lists_the_names_while_they_are_few(tiers: tuple[str, ...], help: str) -> None:
    """Where no name is like the unknown one, the author is told all names, if that is useful."""
    assert [finding.help for finding in told("x", tiers=tiers)] == [help]


def test_a_name_that_is_declared_is_not_told() -> None:
    """Any section of the namespace may declare a name."""
    assert told("mini", tiers=("fast",), models=("mini",)) == []


def test_a_name_that_may_be_lost_is_not_told() -> None:
    """What may stand where nothing could be read is not called unknown."""
    assert told("x", losses=Losses(blind=True), tiers=()) == []
