"""What signed invoices say of a forecast, in one line under it."""

from __future__ import annotations

from bot.slack.views.mrkdwn import name
from bot.slack.views.wording import listed, signed_percent
from core.correction import MILLION, Learned
from core.money import usd


def correction_line(foretold: tuple[int, int, int], learned: Learned) -> str | None:
    """`Invoices against the books: openai −2.4% (October 2026, signed). So the month would be billed at about $4,880 …`

    None where nothing is known. `foretold` are p10, p50 and p90 of the books in nanos.
    """
    if not learned.known:
        return None
    parts = [
        f"{name(one.provider)} {signed_percent(one.millionths / MILLION - 1)} ({one.month.title}, signed"
        f"{', bounded' if one.is_bounded else ''})"
        for one in learned.known
    ]
    low, billed, high = (usd(learned.applied(nanos)) for nanos in foretold)
    return (
        f"Invoices against the books: {listed(parts)}. So the month would be billed at about *{billed}*, in four months out of "
        f"five between {low} and {high}."
    )
