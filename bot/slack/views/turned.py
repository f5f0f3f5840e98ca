"""Why a question is put before the deputy, in the words of whoever reads it. A status is never quoted: people type them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.slack.views.mrkdwn import code, person
from bot.slack.views.wording import day
from core.envelope import Envelope
from core.escalation import Escalation
from core.store.columns import instant, micros

_HALF_A_DAY: Final = timedelta(hours=12)


def turned_line(
    facts: Mapping[str, Any], sponsor: str, deputy: str | None, *, reader: ZoneInfo, to: str | None
) -> str | None:
    """For the small print of `to`'s copy; None where nobody stands in, or there is nothing to say to the sponsor.

    Args:
      facts: `turned_because` and `away_until` of `core.services.escalate.facts_of`; facts of an older version have neither.
    """
    because = facts.get("turned_because")
    if not because:
        return None
    until = _until(facts.get("away_until"), facts.get("deputy_at"), reader)
    if to == sponsor:
        also = f"{person(deputy)} is asked too" if deputy else "nobody stands in for you"
        return f"You are away{until}: {also}." if str(because).startswith("away_") else None
    return {
        "away_status": f"{person(sponsor)}'s Slack status says on leave{until}, so you are asked.",
        "away_said": f"{person(sponsor)} is away{until}, so you are asked.",
        "no_answer": f"You stand in for {person(sponsor)}, who has not answered for a day.",
    }.get(because, f"You stand in for {person(sponsor)}, who cannot be reached in Slack.")


def sponsor_is(facts: Mapping[str, Any], *, reader: ZoneInfo) -> str:
    """What keeps the sponsor from answering, behind their name."""
    because = str(facts.get("turned_because"))
    until = _until(facts.get("away_until"), facts.get("deputy_at"), reader)
    return {
        "away_status": f"is on leave{until}, as their Slack status says",
        "away_said": f"is away{until}",
        "no_answer": "has not answered for a day",
    }.get(because, f"cannot be reached in Slack ({code(because, 40)})")


def standing_in(one: Escalation, envelope: Envelope, *, reader: ZoneInfo) -> str:
    """For `/budget approvals`, behind the question: who is away, and who is asked too; empty where nobody is."""
    if not one.turned_because.startswith("away_"):
        return ""
    people = envelope.terms.people
    until = _until(
        micros(one.away_until) if one.away_until else None, micros(one.deputy_at) if one.deputy_at else None, reader
    )
    if people.deputy in (None, one.asked_by):
        line = code(f"/budget set {envelope.workload} deputy=@name")
        return f" {person(people.sponsor)} is away{until}, and no deputy is named: {line}."
    return f" {person(people.sponsor)} is away{until}, so {person(people.deputy)} is asked too."


def _until(away_until: int | None, asked_at: int | None, reader: ZoneInfo) -> str:
    """Behind “away”: the last day of which most is away, where the reader is: elsewhere a day ends some hours later."""
    if away_until is None:
        return ""
    last_on = (instant(away_until) - _HALF_A_DAY).astimezone(reader).date()
    if asked_at is not None:
        last_on = max(last_on, instant(asked_at).astimezone(reader).date())
    return f" until {day(last_on)}"
