"""What notices about the first 30 days and about people look like: the weekly post, the test alert, who came and who left."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.charts.progress import alt_progress, progress_chart
from bot.composed import Composed, Composer
from bot.slack.pictures import drawn, uploaded
from bot.slack.views.rollout_post import alert_trial_message, post_message
from bot.slack.views.welcome import departed_message, welcome_message
from core.rollout_facts import unpacked
from core.services.manage_rollout import TEST_ALERT
from core.services.post_rollout import KIND
from core.services.watch_people import DEPARTED
from core.services.welcome import KIND as WELCOME
from core.store.outbox import Notice


def rollout_composers(client: AsyncWebClient, charts: Executor, zone: ZoneInfo) -> Mapping[str, Composer]:
    """As `bot.notices.composers`, for the kinds of this area."""

    async def post(notice: Notice) -> Composed:
        said = unpacked(notice.facts)
        png = await drawn(charts, partial(progress_chart, said.checklist))
        name = f"first 30 days {said.post.number}"
        file = await uploaded(client, png, name=name, alt=alt_progress(said.checklist))
        return Composed(lambda shown: post_message(said, chart_file=shown), file)

    async def test_alert(notice: Notice) -> Composed:
        facts = notice.facts
        seen_at = datetime.fromisoformat(facts["seen_at"]) if facts.get("seen_at") else None
        message = alert_trial_message(facts["by"], facts["seen_by"], seen_at, facts["subject"], reader=zone)
        return Composed(lambda _: message)

    async def first_words(notice: Notice) -> Composed:
        facts = notice.facts
        message = welcome_message(facts["role"], facts["workload"], facts["by"], to=notice.recipient)
        return Composed(lambda _: message)

    async def left(notice: Notice) -> Composed:
        message = departed_message(notice.facts["person"], notice.facts["roles"])
        return Composed(lambda _: message)

    return {KIND: post, TEST_ALERT: test_alert, WELCOME: first_words, DEPARTED: left}
