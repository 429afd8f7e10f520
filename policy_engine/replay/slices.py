"""A file of requests in slices that processes read for themselves: stretches of JSON Lines, or rows of Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from policy_engine.ledger.columns import is_parquet, row_count, rows_as_lines

SLICE_BYTES = 8_000_000
SLICE_ROWS = 40_000
"""How large a slice is: some seconds of work, so that little is lost when a run is interrupted."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """
    A stretch of one file: bytes of JSON Lines, rows of Parquet, from `start` up to `stop`.

    A line belongs to the slice in which it begins.
    """

    path: str
    start: int
    stop: int

    def lines(self) -> Iterator[bytes]:
        """
        The lines of the slice, empty ones too, as bytes; a row of Parquet is a line.

        Raises:
            MissingExtra: Parquet is read and duckdb is not installed.
            OSError, ValueError: the file cannot be read.
        """
        if is_parquet(self.path):
            yield from rows_as_lines(self.path, first=self.start, stop=self.stop)
            return
        with open(self.path, "rb") as file:
            place = self.start
            if place:
                file.seek(place - 1)
                place += len(file.readline()) - 1  # what began before belongs to the slice before
            while place < self.stop and (line := file.readline()):
                yield line.removeprefix(_BYTE_ORDER_MARK) if place == 0 else line
                place += len(line)


def slices_of(path: str | os.PathLike[str], *, size: int | None = None) -> tuple[Slice, ...]:
    """
    A whole file in slices of about this size (bytes of JSON Lines, rows of Parquet), in order.

    Raises:
        MissingExtra, OSError, ValueError: as in `Slice.lines`.
    """
    name = os.fspath(path)
    total = row_count(name) if is_parquet(name) else os.path.getsize(name)
    step = size or (SLICE_ROWS if is_parquet(name) else SLICE_BYTES)
    return tuple(Slice(path=name, start=start, stop=min(start + step, total)) for start in range(0, total, step))


def lines_in(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """All lines of a file."""
    name = os.fspath(path)
    total = row_count(name) if is_parquet(name) else os.path.getsize(name)
    return Slice(path=name, start=0, stop=total).lines()


def batched(lines: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    """Lines in lists of at most this many."""
    while batch := list(islice(lines, size)):
        yield batch
