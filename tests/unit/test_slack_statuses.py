"""Slack statuses: asked seldom, and never in the way of a question."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp

from bot.slack import statuses
from bot.slack.statuses import Statuses
from core.leave import LeaveSource
from tests.unit.test_slack_readers import Slack, Watch

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
IN_THREE_DAYS = int(NOON.timestamp()) + 3 * 86_400


def known(slack: Slack, watch: Watch | None = None) -> Statuses:
    return Statuses(slack, monotonic=watch or Watch())  # type: ignore[arg-type]


def showing(**profile: Any) -> Slack:
    return Slack(lambda: {"user": {"profile": profile}})


async def test_a_status_is_asked_for_once_in_two_minutes():
    slack, watch = (
        showing(status_text="Vacationing", status_emoji=":palm_tree:", status_expiration=IN_THREE_DAYS),
        Watch(),
    )
    seen = known(slack, watch)
    for _ in range(3):
        leave = await seen.leave_of("U0SAM", now=NOON)
        assert leave and (leave.source, leave.until) == (LeaveSource.STATUS, datetime(2026, 11, 27, 12, tzinfo=UTC))
    assert len(slack.asked) == 1
    watch.seconds = statuses.TTL_SECONDS
    await seen.leave_of("U0SAM", now=NOON)
    assert len(slack.asked) == 2


async def test_what_is_remembered_ends_with_the_status():
    seen = known(showing(status_text="OOO", status_expiration=IN_THREE_DAYS))
    assert await seen.leave_of("U0SAM", now=NOON)
    assert await seen.leave_of("U0SAM", now=datetime(2026, 11, 28, tzinfo=UTC)) is None


async def test_where_slack_does_not_answer_nobody_is_on_leave():
    def lost() -> Any:
        raise aiohttp.ClientConnectionError

    slack = Slack(lost)
    seen = known(slack)
    assert await seen.leave_of("U0SAM", now=NOON) is None
    assert await seen.leave_of("U0SAM", now=NOON) is None
    assert len(slack.asked) == 1, "a failure is remembered too"
    for strange in ({}, {"user": None}, {"user": {"profile": {"status_expiration": "soon"}}}):
        assert await known(Slack(lambda strange=strange: strange)).leave_of("U0SAM", now=NOON) is None


async def test_only_so_many_people_are_remembered(monkeypatch):
    monkeypatch.setattr(statuses, "MOST_PEOPLE", 2)
    slack = showing(status_text="")
    seen = known(slack)
    for person in ("U0ANA", "U0BEN", "U0SAM", "U0ANA"):
        await seen.leave_of(person, now=NOON)
    assert slack.asked == ["U0ANA", "U0BEN", "U0SAM", "U0ANA"]
