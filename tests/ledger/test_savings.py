"""Savings, from a ledger as it was written: everything spent is deducted, and what is unknown is not guessed."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from policy_engine.ledger.describe import record_of
from policy_engine.ledger.entry import Entry, Handed, ShadowEntry
from policy_engine.ledger.read import Reader
from policy_engine.ledger.savings import Savings, savings_of
from policy_engine.ledger.writer import Writer
from policy_engine.model.call import Failure, FailureKind, Usage
from policy_engine.model.outcome import CallRecord, Status
from policy_engine.model.plan import Card
from tests.ledger.entries import AT_S, entry, outcome

BASELINE = Card(
    name="dear",
    provider="p",
    model="dear-1",
    tier=None,
    tags=frozenset(),
    input_price=Decimal(1_000),
    output_price=Decimal(2_000),
)
USAGE = Usage(input_tokens=100, output_tokens=10)
"""$0.12 by the baseline."""


def paid(usd: str | None, *, purpose: str = "answer", step: int = 0, model: str = "mini") -> CallRecord:
    """A call that cost so much."""
    cost = None if usd is None else Decimal(usd)
    return CallRecord(step=step, model=model, tier="fast", purpose=purpose, usage=USAGE, cost_usd=cost)


def asked(name: str, *calls: CallRecord, status: Status = Status.ACCEPTED) -> Entry:
    """A request with these calls."""
    return entry(name, outcome=outcome(calls=calls, status=status))


def savings(folder: Path, handed: Iterable[Handed]) -> Savings:
    """The savings of a ledger with these entries."""
    writer = Writer(folder / "ledger.sqlite", clock=lambda: AT_S)
    for one in handed:
        writer.record(one)
    assert writer.close(30.0)
    reader = Reader(folder / "ledger.sqlite")
    found = savings_of(reader.records(), BASELINE)
    reader.close()
    return found


def test_everything_that_was_spent_is_deducted(tmp_path: Path) -> None:
    """A judge, an answer that was thrown away, a failed call that may be billed, a shadow: all are parts of the sum."""
    broken = Failure(kind=FailureKind.TIMEOUT, message="x", elapsed_s=1.0, may_be_billed=True)
    calls = (
        paid("0.01"),
        paid("0.002", purpose="judge"),
        replace(paid("0.003", step=1), usage=None, failure=broken),
        paid("0.05", step=1, model="sonnet"),
    )
    shadow = ShadowEntry(id="e1", at_s=AT_S, result={"agreement": 1.0}, calls=(paid("0.0004", purpose="shadow"),))

    found = savings(tmp_path, [asked("e1", *calls), shadow])

    assert found == Savings(
        requests=1,
        unknown=0,
        estimated=0,
        baseline_usd=Decimal("0.12"),
        parts_usd={
            "answers": Decimal("0.05"),
            "discarded": Decimal("0.013"),
            "judge": Decimal("0.002"),
            "shadow": Decimal("0.0004"),
        },
    )
    assert (found.spent_usd, found.saved_usd) == (Decimal("0.0654"), Decimal("0.0546"))


def test_a_model_with_two_prices_counts_at_both(tmp_path: Path) -> None:
    """What counts is what a call cost when it was made, not what its model costs now."""
    found = savings(tmp_path, [asked("e1", paid("0.01")), asked("e2", paid("0.07"))])

    assert (found.spent_usd, found.saved_usd) == (Decimal("0.08"), Decimal("0.16"))


def test_a_request_with_an_unknown_cost_is_left_out_and_counted(tmp_path: Path) -> None:
    """It is neither free nor saved: its known part is left out with it, and so is what it stands against."""
    unpriced = asked("e2", paid("0.01"), paid(None, step=1))
    shadowed = asked("e3", paid("0.01"))
    shadow = ShadowEntry(id="e3", at_s=AT_S, result={}, calls=(paid(None, purpose="shadow"),))

    found = savings(tmp_path, [asked("e1", paid("0.02")), unpriced, shadowed, shadow])

    assert (found.requests, found.unknown) == (1, 2)
    assert (found.baseline_usd, found.spent_usd) == (Decimal("0.12"), Decimal("0.02"))


def test_a_baseline_without_a_price_saves_nothing_known(tmp_path: Path) -> None:
    """Every request that was answered is unknown then."""
    writer = Writer(tmp_path / "ledger.sqlite", clock=lambda: AT_S)
    writer.record(asked("e1", paid("0.02")))
    assert writer.close(30.0)

    found = savings_of(Reader(tmp_path / "ledger.sqlite").records(), replace(BASELINE, input_price=None))

    assert (found.requests, found.unknown, found.saved_usd) == (0, 1, Decimal(0))


def test_what_got_no_answer_saves_nothing_but_costs(tmp_path: Path) -> None:
    """A failed request is spent, and stands against nothing; a refused one is neither."""
    failed = asked("e1", paid("0.01"), status=Status.FAILED)
    denied = asked("e2", status=Status.DENIED)

    found = savings(tmp_path, [failed, denied])

    assert (found.requests, found.baseline_usd, found.saved_usd) == (2, Decimal(0), Decimal("-0.01"))


def test_an_answer_without_a_model_saves_what_the_baseline_would_have_cost(tmp_path: Path) -> None:
    """Its tokens are estimated, and how many requests that concerns is told."""
    found = savings(tmp_path, [asked("e1", status=Status.ANSWERED)])

    # 32 bytes in are 8 tokens, 8 characters out are 2.
    assert (found.estimated, found.saved_usd) == (1, Decimal("0.012"))


@given(
    costs=st.lists(
        st.tuples(
            st.sampled_from(("answer", "judge", "shadow", "embedding")),
            st.decimals(min_value=0, max_value=10, places=9),
        ),
        max_size=8,
    )
)
def test_the_parts_are_the_whole(costs: list[tuple[str, Decimal]]) -> None:
    """Whatever was called for whatever purpose, the parts add up to what the calls cost, exactly."""
    calls = tuple(paid(str(cost), purpose=purpose) for purpose, cost in costs)

    found = savings_of([record_of(asked("e1", *calls))], BASELINE)

    assert found.spent_usd == sum((cost for _, cost in costs), Decimal(0))
    assert found.spent_usd + found.saved_usd == found.baseline_usd
