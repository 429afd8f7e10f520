"""Policies and baselines on the same outcomes."""

from pathlib import Path

import pytest

from policy_engine.replay.baselines import Baseline
from policy_engine.replay.curve import Point
from policy_engine.replay.study import Count, Entrant, Study, finding_of
from tests.replay.bundles import CASCADE, NOW, case, outcome, policies

CASES = (
    case("q1", cheap=outcome(1, 0.001, confidence=0.9), dear=outcome(1, 0.01)),
    case("q2", cheap=outcome(0, 0.001, confidence=0.5), dear=outcome(1, 0.01)),
    case("q3", cheap=outcome(0, 0.001, confidence=0.9), dear=outcome(1, 0.01)),
    case("q4", cheap=outcome(1, 0.001, confidence=0.5), dear=outcome(0, 0.01)),
)


def studied(folder: Path, cases: tuple[object, ...] = CASES) -> tuple[list[Entrant], Count]:
    """A cascade and its stricter setting, on these cases."""
    strict = CASCADE.replace("0.85", "0.95")
    entrants = [
        Entrant(name="unsure", policy_set=policies(folder / "a")),
        Entrant(name="unsure", policy_set=policies(folder / "b", strict), setting="0.95"),
    ]
    study = Study(entrants, now=NOW)
    for one in cases:
        study.add(one)
    return entrants, study.count


def test_a_policy_stands_beside_its_baselines(tmp_path: Path) -> None:
    """Scores are means, costs are sums; the oracle takes the cheapest of the best."""
    finding = finding_of(*studied(tmp_path))

    (line,) = finding.lines
    assert (finding.requests, line.tally.worth.score.mean(), line.tally.worth.cost_usd.whole()) == (4, 0.5, 0.024)
    assert (line.tally.escalated, line.tally.calls, line.tally.unknown) == (2, {"cheap": 4, "dear": 2}, 0)
    assert finding.baselines == (
        Baseline(name="best_single", model="dear", score=0.75, cost_usd=0.04, unknown=0),
        Baseline(name="cheapest", model="cheap", score=0.5, cost_usd=0.004, unknown=0),
        Baseline(name="dearest", model="dear", score=0.75, cost_usd=0.04, unknown=0),
        Baseline(name="random", model=None, score=0.625, cost_usd=0.022, unknown=0),
        Baseline(name="oracle", model=None, score=1.0, cost_usd=0.022, unknown=0),
    )


def test_settings_of_one_policy_make_one_curve(tmp_path: Path) -> None:
    """Both ends, the policy as it is written and its other setting, by their share of strong calls."""
    (line,) = finding_of(*studied(tmp_path)).lines

    assert line.curve is not None
    assert line.curve.points == (
        Point(calls=0.0, score=0.5, cost_usd=0.004, label="cheap"),
        Point(calls=0.5, score=0.5, cost_usd=0.024, label=""),
        Point(calls=1.0, score=0.75, cost_usd=0.044, label="0.95"),
        Point(calls=1.0, score=0.75, cost_usd=0.04, label="dear"),
    )
    assert line.curve.apgr == pytest.approx(0.25)


def test_a_model_that_few_requests_tell_of_is_no_baseline(tmp_path: Path) -> None:
    """One easy question would make it look best; where no model has them all each counts with what it has."""
    lucky = case("q5", cheap=outcome(1, 0.001, confidence=1), dear=outcome(0, 0.01))
    lucky = type(lucky)(request=lucky.request, outcomes={**lucky.outcomes, "rare": lucky.outcomes["cheap"]})

    finding = finding_of(*studied(tmp_path, (*CASES, lucky)))

    assert [baseline.model for baseline in finding.baselines] == ["cheap", "cheap", "dear", None, None]
    assert [(one.model, one.unknown, one.cost_usd) for one in finding.singles][2] == ("rare", 4, None)


def test_a_chosen_baseline_is_added(tmp_path: Path) -> None:
    """It is also what curves lead up to."""
    entrants, count = studied(tmp_path)

    assert finding_of(entrants, count, chosen="dear").baselines[-1].name == "chosen"
    with pytest.raises(KeyError):
        finding_of(entrants, count, chosen="other")


def test_counts_of_parts_add_up_to_the_count_of_all(tmp_path: Path) -> None:
    """Sums are exact, so it makes no difference who counted what."""
    _, whole = studied(tmp_path)
    _, first = studied(tmp_path, CASES[:1])
    _, rest = studied(tmp_path, CASES[1:])

    first.merge(rest)

    assert first == whole
