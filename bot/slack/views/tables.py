"""The native `data_table` block and its cells.

A column sorts as numbers only where every cell of it is a `raw_number`, so a missing amount is a number with a dash for
text, below every real one. At most 100 rows below the header, all of one length
(https://docs.slack.dev/reference/block-kit/blocks/data-table-block, 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot.readable import share, shortened
from bot.slack.views.mrkdwn import is_user
from core.money import NANOS, usd

Cell = dict[str, Any]

ROWS: Final = 100
PAGE: Final = 20
_NONE: Final = -1


def words(text: str, limit: int = 60) -> Cell:
    """Text that Slack shows as it is."""
    return {"type": "raw_text", "text": shortened(text, limit)}


def money(nanos: int | None, missing: str = "–") -> Cell:
    """Dollars, sortable; `missing` stands where there is no amount."""
    if nanos is None:
        return {"type": "raw_number", "value": _NONE, "text": missing}
    return {"type": "raw_number", "value": round(nanos / NANOS, 9), "text": usd(nanos)}


def percent(part: float | None) -> Cell:
    """A share (0 and up) as percent, sortable."""
    if part is None:
        return {"type": "raw_number", "value": _NONE, "text": "–"}
    return {"type": "raw_number", "value": round(part * 100, 4), "text": share(part)}


def number(count: int) -> Cell:
    return {"type": "raw_number", "value": count, "text": f"{count:,}"}


def people(before: str, user: str | None) -> Cell:
    """Words followed by a person; without one only the words, or `nobody` where there are none either."""
    if user and is_user(user):
        return rich([(before, False), (f"<@{user}>", True)])
    words = shortened(user, 40) if user else "" if before else "nobody"
    return rich([(f"{before}{words}", False)])


def rich(parts: Sequence[tuple[str, bool]], limit: int = 100) -> Cell:
    """Words and mentions, as `pieces` gives them; the words are cut to `limit` characters together."""
    elements: list[Cell] = []
    for part, is_mention in parts:
        if limit < 1:
            break
        if not is_mention and part:
            elements.append({"type": "text", "text": part if len(part) <= limit else f"{part[: limit - 1]}…"})
        elif part.startswith("<@"):
            elements.append({"type": "user", "user_id": part[2:-1]})
        elif part:
            elements.append({"type": "channel", "channel_id": part[2:-1]})
        limit -= len(part)
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def data_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Cell:
    """The block. `rows` are 1 to 100; the caller has already said what it left out."""
    assert 1 <= len(rows) <= ROWS
    return {
        "type": "data_table",
        "caption": shortened(caption, 150),
        "page_size": PAGE,
        "rows": [[words(title) for title in head], *map(list, rows)],
    }
