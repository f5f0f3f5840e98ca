"""What signed invoices say of a forecast: the factor of each provider, and the month as it will be billed."""

from __future__ import annotations

from bot.slack.views.mrkdwn import name
from bot.slack.views.wording import listed
from core.correction import MILLION, Learned
from core.money import usd

Foretold = tuple[int, int, int]
"""p10, p50 and p90 of the books in nanos."""


def correction_line(foretold: Foretold, learned: Learned) -> str | None:
    """`×0.976 on openai, from October 2026's signed invoice: billed so, the month comes to about $4,880, …`; None without any."""
    if not learned.known:
        return None
    parts = [
        f"*{times(one.millionths)} on {name(one.provider)}*, from {one.month.title}'s signed invoice"
        f"{' (bounded)' if one.is_bounded else ''}"
        for one in learned.known
    ]
    low, billed, high = _billed(foretold, learned)
    return (
        f"{listed(parts)}: billed so, the month comes to about *{billed}*, in four months out of five between {low} and {high}. "
        "Envelope and alerts go by the books."
    )


def correction_figure(foretold: Foretold, learned: Learned) -> list[tuple[str, str]]:
    """The same as one figure beside the forecast's own; none where nothing is known."""
    if not learned.known:
        return []
    low, billed, high = _billed(foretold, learned)
    return [(f"As billed, {times(learned.applied(MILLION))}", f"{billed} ({low}–{high})")]


def _billed(foretold: Foretold, learned: Learned) -> list[str]:
    return [usd(learned.applied(nanos)) for nanos in foretold]


def times(millionths: int) -> str:
    """`×0.976`, `×1.04`: a factor to the thousandth."""
    shown = f"{millionths / MILLION:.3f}"
    return f"×{shown.rstrip('0').rstrip('.')}"
