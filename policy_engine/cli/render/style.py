"""Colour on a terminal, and none elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policy_engine.diagnostics import Severity


class Ink(StrEnum):
    """A way to write, as the parameter of a terminal's escape sequence."""

    BOLD = "1"
    DIM = "2"
    RED = "1;31"
    GREEN = "32"
    YELLOW = "1;33"
    BLUE = "34"
    CYAN = "36"


SEVERITY_INK = {Severity.ERROR: Ink.RED, Severity.WARNING: Ink.YELLOW, Severity.INFO: Ink.CYAN}


@dataclass(frozen=True, slots=True)
class Style:
    """Writes in colour or plainly."""

    coloured: bool = False

    def paint(self, text: str, ink: Ink) -> str:
        """The text in an ink; as it is where there is no colour or no text."""
        return f"\x1b[{ink.value}m{text}\x1b[0m" if self.coloured and text else text


PLAIN = Style()
