"""`/budget why-told`: why somebody was told, or not, in plain words with times, what holds now first."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.breach_late import late_line
from bot.slack.views.mrkdwn import code, name, when
from core.alerts import Reason
from core.breach import Breach, BreachKind
from core.money import usd
from core.services.read_reasons import Reasons
from core.store.decision_rows import KeptReason

ROWS: Final = 40
_KINDS: Final = {
    BreachKind.HARD: "Hard threshold", BreachKind.SOFT: "Soft threshold", BreachKind.SOFT_FORECAST: "Forecast",
    BreachKind.VELOCITY: "Runaway", BreachKind.UNTRUSTED: "Trust",
}  # fmt: skip
_SAID: Final = {
    Reason.CROSSED: "Told: {nanos} of {size} was spent, past {threshold}.",
    Reason.REFUSED: "Told: the guard refused requests because the envelope is used up.",
    Reason.FORECAST_OVER: "Told: the month was expected to end at {nanos}, over {size}.",
    Reason.SURGING: "Told: an hour cost {nanos}, where {expected} is usual.",
    Reason.UNBELIEVABLE: "Told to finance: usage without a price.",
    Reason.AGAIN: "Told in the thread: it was back, at {nanos}.",
    Reason.WORSE: "Told in the thread: it had grown to {nanos}.",
    Reason.MOVED: "The message was brought up to date: {nanos}. Nobody was notified.",
    Reason.TRUSTED: "Told in the thread: the amount can be trusted again, so degradation is on.",
    Reason.RECOVERED: "Told in the thread: back under, at {nanos}.",
    Reason.SUPERSEDED: "Closed: a higher threshold was passed and told.",
    Reason.ENVELOPE_CHANGED: "Closed: the envelope was changed, and everything is armed again.",
    Reason.CYCLE_OVER: "Closed: the month was over.",
    Reason.ALREADY_TOLD: "Not told again: it was told this month, and is not notably worse since.",
    Reason.ACKNOWLEDGED: "Not told: somebody has seen it, and it is not ten points worse since.",
    Reason.HIGHER_TOLD: "Not told: a higher threshold was told already, and a lower one never follows.",
    Reason.EASING: "Not closed yet: it is under, but too little or too shortly to call it over.",
    Reason.BELOW: "Not told: {nanos} of {size} is below it.",
    Reason.NO_FORECAST: "Not told: there is no forecast from the last two days.",
    Reason.CALM: "Not told: no hour far above what is usual at its time of day.",
    Reason.NO_PACE: "Not told: there is no history to know what is usual.",
    Reason.TRUSTWORTHY: "Not told: every request has a price.",
}  # fmt: skip
"""Every reason in one sentence; the words in braces are the amounts of that moment."""


def why_told_message(found: Reasons, *, reader: ZoneInfo) -> Message:
    told = [breach for breach in found.breaches if breach.told_at]
    workload = f"*{name(found.workload)}*"
    finding = _finding(workload, told, found, reader)
    order = list(_KINDS)
    current = sorted(found.current, key=lambda reason: order.index(reason.kind))
    now = [f"*{_KINDS[reason.kind]}:* {sentence(reason)}" for reason in current]
    lines = [finding, *(now or ["Nothing was decided yet; the alerts are looked at every minute."])]
    for one in found.late:
        lines.append(
            f"*{one.cycle.title}*, on {when(one.opened_at, reader)}: {late_line(one.facts)}. Told once; nothing follows."
        )
    if found.waits_until and found.envelope.terms.quiet:
        quiet = found.envelope.terms.quiet.words
        lines.append(f"Quiet hours ({quiet}): soft alerts wait until {when(found.waits_until, reader)}.")
    return blocks.message(
        finding,
        blocks.header(f"{found.workload} · why you were told, or not"),
        blocks.section("\n".join(lines)),
        tables.data_table(
            f"Earlier reasons in {found.cycle.title}",
            ("Alert", "Why", "Last", "Times"),
            [_row(reason, reader) for reason in found.earlier[:ROWS]],
        )
        if found.earlier
        else None,
        blocks.context(
            f"Would other thresholds do better? {code(f'/budget replay {found.workload} soft=70% hard=100%')}"
        ),
        blocks.actions(blocks.button("Status", ids.SHOW_STATUS, found.workload)),
    )


def _finding(workload: str, told: list[Breach], found: Reasons, reader: ZoneInfo) -> str:
    if not told:
        coming = " A message is on its way." if any(breach.closed_at is None for breach in found.breaches) else ""
        return f"Nothing was told about {workload} in {found.cycle.title}{' yet' if coming else ''}.{coming}"
    last = max(told, key=lambda breach: breach.told_at or breach.opened_at)
    assert last.told_at is not None
    alerts = f"{len(told)} alerts were" if len(told) > 1 else "One alert was"
    return f"{alerts} told about {workload} in {found.cycle.title}, the last on {when(last.told_at, reader)} ({_KINDS[last.kind].lower()})."


def sentence(reason: KeptReason) -> str:
    """The reason with its amounts."""
    facts = reason.facts
    amounts = {
        "nanos": usd(int(facts["nanos"])), "size": usd(int(facts["size"])), "threshold": share(reason.threshold_bp / 10_000),
        "expected": usd(int(facts.get("expected", 0))),
    }  # fmt: skip
    said = _SAID[Reason(reason.reason)].format(**amounts)
    return f"{said} The amount cannot be trusted, so nothing is enforced." if _is_doubted(reason) else said


def _is_doubted(reason: KeptReason) -> bool:
    return reason.kind is BreachKind.HARD and bool(reason.facts["doubts"]) and reason.facts["act"] != "nothing"


def _row(reason: KeptReason, reader: ZoneInfo) -> list[tables.Cell]:
    return [
        tables.words(_KINDS[reason.kind]), tables.words(sentence(reason)), tables.words(when(reason.last_at, reader)),
        tables.words(f"{reason.times}×"),
    ]  # fmt: skip
