"""Words for people, wherever they are shown: in a message, in a table's cell, or drawn on a chart."""

from __future__ import annotations

import unicodedata
from typing import Final

_HOLE: Final = "\ufffd"
_JOINERS: Final = "\u200c\u200d"
_BLANKS: Final = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols by category, yet nothing is drawn for them


def visible(text: str) -> str:
    """The text on one line, with every character that hides or reorders others shown as the replacement character.

    Joiners stay between characters beyond Latin, where scripts and emoji need them. An empty text is `(blank)`.
    Applied twice it changes nothing more.
    """
    spaced = " ".join(text.split())
    if spaced.isascii() and spaced.isprintable():
        return spaced or "(blank)"  # nearly every name; the look at each character costs a hundred times as much
    shown = "".join(_shown(character, spaced, place) for place, character in enumerate(spaced))
    return shown or "(blank)"


def _shown(character: str, text: str, place: int) -> str:
    if character in _JOINERS and 0 < place < len(text) - 1 and min(text[place - 1], text[place + 1]) > "\u02ff":
        return character
    hides = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in _BLANKS
    return _HOLE if hides else character


def shortened(text: str, limit: int) -> str:
    """The text made visible, and cut to `limit` characters with an ellipsis that shows the cut. `limit` ≥ 1."""
    shown = visible(text)
    return shown if len(shown) <= limit else f"{shown[: limit - 1].rstrip()}…"


def share(part: float) -> str:
    """A share (0 and up) as percent: whole, never rounded to a limit it has not reached, `over 10×` far beyond one."""
    if 0 < part < 0.01:
        return "under 1%"
    if part > 10:
        return "over 10×"
    if 0.99 <= part < 1:
        return f"{int(part * 1000) / 10:.1f}%"
    return f"{part:.0%}"
