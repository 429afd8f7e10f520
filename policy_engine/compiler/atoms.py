"""The single tests that conditions are made of, normalised so that equal tests are equal values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from policy_engine.model.condition import Kinded, Scalar
from policy_engine.model.vocabulary import Fact


@dataclass(frozen=True, slots=True)
class InSet:
    """The fact is one of these values."""

    fact: Fact
    values: frozenset[Scalar]


@dataclass(frozen=True, slots=True)
class Interval:
    """low <= fact < high; either end may be open (None). `>` and `<=` are expressed by the next number up."""

    fact: Fact
    low: float | int | None
    high: float | int | None


@dataclass(frozen=True, slots=True)
class IsTrue:
    """The boolean fact is true."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class HasAny:
    """The list fact holds at least one of these values, of which true is not 1."""

    fact: Fact
    values: frozenset[Kinded]


@dataclass(frozen=True, slots=True)
class Exists:
    """The attribute was sent (even with an invalid value) or has a default."""

    attribute: str


@dataclass(frozen=True, slots=True)
class Known:
    """The fact has a value at all: true, or unknown, never false."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Search:
    """At least one of these RE2 patterns is found in the text fact."""

    fact: Fact
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class During:
    """
    The clock, read in a zone, lies in all given windows.

    `start_minute` and `end_minute` count from midnight (a window past midnight has end <= start), `days` are 0 for
    Monday to 6, `dates` are (first, last) ISO dates, both included. None and empty mean that any will do.
    """

    start_minute: int | None
    end_minute: int | None
    days: frozenset[int]
    dates: tuple[tuple[str, str], ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Sampled:
    """The hash of salt and value, out of 2**64, is below the ceiling; `by` is the fact that is hashed."""

    ceiling: int
    by: Fact
    salt: str


@dataclass(frozen=True, slots=True)
class Computed:
    """
    A comparison from an expression that no other atom says.

    `source` is Python over `f` (Facts), made from checked input only; `text` is how the author wrote it.
    """

    source: str
    text: str
    reads: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """
    The sum of points lies in low <= sum < high, in units of 1/scale points.

    `score` names the sum; its parts are the leaf's children, whose points are in `points`, in order.
    """

    score: str
    points: tuple[int, ...]
    scale: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class AnswerIsJson:
    """The answer's text is (or is not) one JSON document."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class AnswerFitsSchema:
    """The answer's text is JSON that the bundle's JSON Schema file accepts."""

    path: str


@dataclass(frozen=True, slots=True)
class AnswerHasSections:
    """The answer holds all these headings, each at the start of a line."""

    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerIsOneOf:
    """The answer, stripped of surrounding space, is one of these texts."""

    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A judge model's score for the answer lies in low <= score < high."""

    model: str
    question: str
    low: float | None
    high: float | None


Atom: TypeAlias = (
    InSet
    | Interval
    | IsTrue
    | HasAny
    | Exists
    | Known
    | Search
    | During
    | Sampled
    | Computed
    | Scored
    | AnswerIsJson
    | AnswerFitsSchema
    | AnswerHasSections
    | AnswerIsOneOf
    | Judged
)
