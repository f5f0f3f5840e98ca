"""Composes the notices about breaches: facts into a message with its chart, or into a word in the thread."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot import charts
from bot.charts.hours import alt_hours, hours_chart
from bot.composed import Composed, Composer, Line, LineComposer
from bot.slack import ids
from bot.slack.pictures import drawn, uploaded
from bot.slack.views import blocks
from bot.slack.views.breach import breach_line, breach_message
from bot.slack.views.breach_late import late_line, late_message, status_button
from bot.slack.views.breach_note import note_message
from bot.slack.views.breach_said import BreachSaid
from bot.slack.views.trust import trust_message
from core.breach import BreachKind
from core.envelope import Envelope, Terms, state_of
from core.people import People
from core.services.tell_breach import KIND, NOTE
from core.services.tell_late import LATE
from core.services.watch_trust import KIND as TRUST
from core.standing import Detail, MonthEnd, WorkloadStanding
from core.store.outbox import Notice

_RUNAWAY: Final = 4
"""Among several, a runaway comes first: it grows by the hour."""


def breach_composers(client: AsyncWebClient, drawing: Executor, zone: ZoneInfo) -> Mapping[str, Composer]:
    """`zone` is of the times in messages that many people read."""

    async def breach(notice: Notice) -> Composed:
        said = BreachSaid.of(notice.facts)
        png, alt = await _picture(drawing, said, zone)
        file = await uploaded(client, png, name=f"{said.kind} {said.cycle} {said.number}", alt=alt) if png else None
        return Composed(lambda shown: breach_message(said, chart_file=shown, alt=alt, reader=zone), file)

    async def note(notice: Notice) -> Composed:
        said = BreachSaid.of(notice.facts)
        message = note_message(said, str(notice.facts["said"]), by=notice.facts.get("by"), reader=zone)
        return Composed(lambda _: message)

    async def trust(notice: Notice) -> Composed:
        message = trust_message(notice.facts, reader=zone)
        return Composed(lambda _: message)

    async def late(notice: Notice) -> Composed:
        message = late_message(notice.facts, reader=zone)
        return Composed(lambda _: message)

    return {KIND: breach, NOTE: note, TRUST: trust, LATE: late}


def breach_lines() -> Mapping[str, LineComposer]:
    """Soft breaches of many envelopes at once share one message."""

    def line(notice: Notice) -> Line:
        said = BreachSaid.of(notice.facts)
        why = blocks.button("Why", ids.WHY_BREACH, str(said.number))
        return Line(said.kind.rank or _RUNAWAY, breach_line(said), why)

    def late(notice: Notice) -> Line:
        return Line(0, late_line(notice.facts), status_button(notice.facts))

    return {KIND: line, LATE: late}


async def _picture(drawing: Executor, said: BreachSaid, zone: ZoneInfo) -> tuple[bytes | None, str]:
    """The chart with its alt text; none for data that cannot be trusted."""
    if said.kind is BreachKind.UNTRUSTED:
        return None, ""
    if said.kind is BreachKind.VELOCITY:
        if not said.hours:
            return None, ""
        png = await drawn(drawing, partial(hours_chart, said.workload, said.hours, zone))
        return png, alt_hours(said.workload, said.hours, zone)
    detail = detail_of(said)
    return await drawn(drawing, partial(charts.burn_up, detail)), charts.alt_burn_up(detail)


def detail_of(said: BreachSaid) -> Detail:
    """As much of a workload's standing as the burn-up chart draws, with the forecast in place of the run-rate."""
    terms = Terms(People(said.owner, said.finance, said.sponsor), None, said.soft_bp / 10_000, said.hard_bp / 10_000)
    ahead = None
    if said.forecast:
        low, middle, high = said.forecast
        ahead = MonthEnd(low, middle, high, said.chance, said.breach_on, said.cycle.first_on)
    line = WorkloadStanding(
        said.workload, said.spent_nanos, 0, said.size_nanos, said.share_used, None,
        state_of(said.spent_nanos, said.size_nanos, terms), said.owner, forecast=ahead,
    )  # fmt: skip
    first = said.cycle.first_on
    return Detail(
        line=line, envelope=Envelope(0, said.workload, terms, (), 1), cycle=said.cycle, share_elapsed=said.share_elapsed,
        days=tuple((first + timedelta(days=step), nanos) for step, nanos in enumerate(said.days)),
        previous_nanos=said.previous_nanos, previous_to_date_nanos=0, by_model=(), classes=(), freshness=said.freshness,
    )  # fmt: skip
