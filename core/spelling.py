"""The nearest known name for a typo."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_LONGEST: Final = 60
"""Characters compared: longer words are no names, and comparing them takes time that grows with their square."""


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """The known name (in lower case) that the typed word was probably meant to be, or None."""
    close = get_close_matches(typed.strip().casefold()[:_LONGEST], list(known), n=1, cutoff=0.6)
    return close[0] if close else None
