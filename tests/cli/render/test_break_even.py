"""When cascades pay, rendered."""

from policy_engine.cli.render.break_even import break_evens_json, render_break_evens
from policy_engine.executor.break_even import BreakEven


def pair(rate: float | None, **more: object) -> BreakEven:
    """One step beside the next."""
    made = {"cascade": "careful", "step": 0, "cheap": "mini", "dear": "sonnet", "judges": (), "limit": None, **more}
    return BreakEven(rate=rate, **made)


def test_rates_stand_beside_limits() -> None:
    """A rate is a percentage, a cascade that never pays says so, and an unknown price is no number."""
    pairs = (pair(0.9, judges=("haiku",), limit=0.3), pair(0.0, step=1), pair(None, step=2))

    assert render_break_evens(pairs) == (
        "cascades pay while fewer answers than this escalate, for calls of 1,000 tokens in and 300 out\n\n"
        "   cascade  step  asks  before  judged by  pays below  limit\n"
        "   careful     1  mini  sonnet  haiku           90.0%  30.0%\n"
        "   careful     2  mini  sonnet  -               never      -\n"
        "   careful     3  mini  sonnet  -             unknown      -"
    )


def test_programs_get_shares() -> None:
    """The same as plain data."""
    assert break_evens_json((pair(None, judges=("haiku",), limit=0.3),)) == [
        {
            "cascade": "careful",
            "step": 0,
            "cheap": "mini",
            "dear": "sonnet",
            "judges": ["haiku"],
            "rate": None,
            "limit": 0.3,
        }
    ]
