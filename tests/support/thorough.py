"""How many random cases a test tries: all with `make test LONG=1`, a quarter in the everyday run."""

from __future__ import annotations

import os
from typing import Final

_IS_LONG: Final = bool(os.environ.get("LONG"))


def cases(most: int, *, least: int = 20) -> int:
    """`most` in a long run, otherwise a quarter of them, and not fewer than `least`."""
    return most if _IS_LONG else max(min(most, least), most // 4)
