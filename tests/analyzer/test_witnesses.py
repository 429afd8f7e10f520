"""The parts that a witness is made of: texts, conversations, values, moments."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from policy_engine.analyzer.cells import Mark, Positions, Segment, segments, spans_of
from policy_engine.analyzer.moments import candidate_moments
from policy_engine.analyzer.shapes import messages_of
from policy_engine.analyzer.texts import Wish, texts
from policy_engine.analyzer.values import Need, value_for
from policy_engine.compiler.atoms import During
from policy_engine.compiler.pattern import phrase_pattern
from policy_engine.compiler.probes import probe_of, sample_position
from policy_engine.model.facts import Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind
from policy_engine.model.request import Request
from policy_engine.model.texts import Shape
from policy_engine.model.vocabulary import Fact


@pytest.mark.parametrize(
    "wish",
    [
        Wish(sizes={"chars": (500, 510)}),
        Wish(sizes={"words": (40, None), "chars": (None, 100)}),
        Wish(sizes={"lines": (4, 5)}),
        Wish(found=(r"\?$", "^Hi"), avoided=("x",), sizes={"chars": (50, None)}),
        Wish(found=(phrase_pattern("order"), phrase_pattern("日本")), avoided=(r"\d",)),
        Wish(found=(r"^a$",)),
        Wish(seeds=("from an example",), found=("example",)),
    ],
)
def test_a_text_is_as_wished(wish: Wish) -> None:
    """Patterns are found or avoided and sizes kept to."""
    text = next(texts(wish))

    assert wish.is_met(text)


def test_what_cannot_be_is_not_made() -> None:
    """No text is given out for wishes that exclude each other."""
    assert list(texts(Wish(found=("^a$",), sizes={"chars": (5, None)}))) == []


@pytest.mark.parametrize(
    "shape",
    [
        {"turns": 3},
        {"messages": 7, "turns": 2},
        {"tool_calls": 4, "repeats": 2},
        {"tool_results": 2, "tool_errors": 1, "in_tool_loop": 1},
        {"images": 2},
        {"has_system": 1},
        {"turns": 0, "messages": 2},
    ],
)
def test_a_conversation_has_the_wanted_shape(shape: dict[str, int]) -> None:
    """Every count that was asked for is that of the messages."""
    made = Shape(messages_of(shape, message="Hi" if shape.get("turns", 1) else None, system=None), 0)

    assert {name: int(getattr(made, name)()) for name in shape} == shape


def test_numbers_are_cut_where_tests_cut_them() -> None:
    """Cells are half-open, begin at the least possible number, and join again where they touch."""
    cells = segments((10, 20, 0, -5), least=0, integral=True)

    assert cells == [Segment(0, 10, True), Segment(10, 20, True), Segment(20, None, True)]
    assert spans_of([cells[0], cells[2]]) == [(0, 10), (20, None)]
    assert spans_of([*cells, Mark.ABSENT]) == [(0, None)]
    assert [cell.sample() for cell in cells] == [0, 10, 20]


def test_a_value_falls_where_its_hash_should() -> None:
    """A key in a tenth of everything is found, and is none of the texts that stand for themselves."""
    fact = Fact(name="user", kind=Kind.TEXT, group="user")
    low, high = 2**64 // 10 * 3, 2**64 // 10 * 4
    need = Need(cell=Mark.OTHER, taken=frozenset(("user",)), hashes=(("salt", Positions(low, high)),))

    value = value_for(fact, need)

    assert re.fullmatch(r"\w+(-\d+)?", value)
    assert low <= sample_position("salt", value) < high
    assert value != "user"


def test_moments_stand_for_every_combination_of_windows() -> None:
    """Over two years, no combination of open windows occurs that no candidate has."""
    windows = [
        During(9 * 60, 17 * 60, frozenset(range(5)), (), "Europe/Berlin"),
        During(22 * 60, 6 * 60, frozenset(), (), "Europe/Berlin"),
        During(None, None, frozenset(), (("2026-11-20", "2026-12-24"), ("2027-01-01", "2027-01-01")), "Europe/Berlin"),
    ]
    probes = [probe_of(window, {}) for window in windows]
    layout = layout_of(Declarations(fingerprint=""))

    def combination(at: datetime) -> tuple[object, ...]:
        return tuple(probe(Facts(Request(at=at), layout)) for probe in probes)

    known = {combination(at) for at in candidate_moments(windows)}
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert {combination(start + timedelta(minutes=37 * step)) for step in range(20_000)} <= known
