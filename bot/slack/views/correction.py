"""What signed invoices say of a forecast, in one line under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.slack.views.mrkdwn import name
from bot.slack.views.wording import listed, signed_percent
from core.correction import MILLION, Correction, corrected
from core.money import usd


def correction_line(p50_nanos: int, shares: Mapping[str, int], known: Sequence[Correction]) -> str | None:
    """`Invoices: openai −2.4% (October 2026, signed); the month would be billed at about $4,880.` None where nothing is known."""
    if not known:
        return None
    parts = [
        f"{name(one.provider)} {signed_percent(one.millionths / MILLION - 1)} ({one.month.title}, signed"
        f"{', bounded' if one.is_bounded else ''})"
        for one in known
    ]
    billed = corrected(p50_nanos, shares, known)
    return f"Invoices against the books: {listed(parts)}. So the month would be billed at about *{usd(billed)}*."
