"""The progress bar."""

import io
from collections.abc import Iterator

from policy_engine.cli.render.progress import Progress


def ticking(*seconds: float) -> Iterator[float]:
    """A clock that shows these times, one after the other."""
    return iter(seconds)


def test_work_that_is_soon_done_shows_nothing() -> None:
    """Within the first second there is no bar, so nothing has to be wiped away."""
    out, clock = io.StringIO(), ticking(0.0, 0.4, 0.9)
    progress = Progress(out=out, clock=lambda: next(clock), total=100)

    progress.show(1, amount=10)
    progress.show(2, amount=20)
    progress.close()

    assert out.getvalue() == ""


def test_long_work_shows_how_far_it_is() -> None:
    """After a second the bar shows share, count and speed; it is drawn anew at most ten times a second."""
    out, clock = io.StringIO(), ticking(0.0, 2.0, 2.05, 4.0)
    progress = Progress(out=out, clock=lambda: next(clock), total=100)

    progress.show(1000, amount=50)
    progress.show(1010, amount=51)
    progress.show(3000, amount=100)
    progress.close()

    assert out.getvalue() == (
        "\r\x1b[K[###############...............]  50%  1,000 requests, 500/s"
        "\r\x1b[K[##############################] 100%  3,000 requests, 750/s"
        "\r\x1b[K"
    )


def test_without_a_total_it_counts() -> None:
    """Where nobody knows how much there is, the count is shown without a bar."""
    out, clock = io.StringIO(), ticking(0.0, 2.0)
    progress = Progress(out=out, clock=lambda: next(clock))

    progress.show(500)

    assert out.getvalue() == "\r\x1b[K500 requests, 250/s"


def test_without_a_terminal_it_is_silent() -> None:
    """No output, no clock."""
    progress = Progress(out=None, clock=lambda: 0.0)

    progress.show(1)
    progress.close()

    assert progress.out is None
