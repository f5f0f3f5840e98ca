"""What `outlay doctor` says: each finding tells what is wrong, why it matters and what mends it; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Grade(IntEnum):
    """How bad it is. `NOTE` needs nobody; `WARNING` will bite; `BROKEN` bites now."""

    FINE = 0
    NOTE = 1
    WARNING = 2
    BROKEN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
      check: what was looked at, `slack token`.
      what: the fact, one sentence.
      why: what it leads to; empty where all is fine.
      mend: a line to paste or a page to open; empty where there is nothing to do.
    """

    check: str
    grade: Grade
    what: str
    why: str = ""
    mend: str = ""


def fine(check: str, what: str) -> Finding:
    return Finding(check, Grade.FINE, what)


def worst(findings: Iterable[Finding]) -> Grade:
    """The gravest grade of all; fine when there are none."""
    return max((one.grade for one in findings), default=Grade.FINE)
