"""Story: finance starts the first 30 days; each week says once how far it has come, and day 30 what the worst case is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from core.services.post_rollout import post_rollout
from sandbox import Person
from sandbox.people import text_of
from tests.support.office import FARAH, Office, with_envelope


async def tick_the_clock(office: Office, **span: float) -> None:
    """Time passes, with the rollout's job at its end."""
    office.clock.at += timedelta(**span)
    await post_rollout(office.service.uow, now=office.clock())
    await office.service.delivery.deliver_due()


async def posts(person: Person) -> list[str]:
    return [
        text_of(one)
        for one in await person.reads("C0BUDGET")
        if "irst 30 days" in text_of(one) and not one.get("is_ephemeral")
    ]


async def started(office: Office) -> None:
    await office.farah.types("/budget rollout start")
    await office.farah.submits({})
    await office.farah.sees("First 30 days · week 1 of 4", channel="C0BUDGET")


async def test_finance_starts_it_with_a_form_and_the_first_post_comes_at_once(office: Office):
    await with_envelope(office)
    opened = await office.farah.types("/budget rollout start")
    assert {"Channel", "First day", "Who sees it through"} <= set(opened.text.splitlines())
    await office.farah.submits({})
    posted = await office.farah.sees("First 30 days · week 1 of 4: Attribution", channel="C0BUDGET")
    text = text_of(posted)
    assert "A source sends usage. 1 source sent" in text
    assert any(block["type"] == "image" for block in posted["blocks"])


async def test_others_are_told_who_may_start_it_before_they_fill_anything_in(office: Office):
    shown = await office.kim.types("/budget rollout start")
    assert shown.views == []
    assert "Only the finance team can start the rollout" in shown.text
    assert "No rollout was started yet" in (await office.kim.types("/budget rollout")).text


async def test_one_line_starts_it_too_and_a_second_one_is_refused(office: Office):
    done = await office.farah.types(f"/budget rollout start {FARAH} from=2026-11-30")
    assert "run from 30 Nov 2026" in done.text
    again = await office.farah.types(f"/budget rollout start {FARAH} from=2026-11-30")
    assert "running already" in again.text
    assert "/budget rollout restart" in again.text
    late = await office.farah.types(f"/budget rollout restart {FARAH} from=2026-11-01")
    assert "cannot start on 01 Nov 2026" in late.text


async def test_each_week_is_posted_once_missed_ones_are_folded_and_day_30_states_the_bound(office: Office):
    await with_envelope(office, "700")
    await started(office)
    await tick_the_clock(office, minutes=5)
    assert len(await posts(office.kim)) == 1
    await tick_the_clock(office, days=7)
    assert len(await posts(office.kim)) == 2
    await tick_the_clock(office, days=15)
    third = (await posts(office.kim))[-1]
    assert "week 4 of 4" in third
    assert "Week 3 was not posted" in third
    assert "overdue" in third
    await tick_the_clock(office, days=8)
    final = (await posts(office.kim))[-1]
    assert "where we stand" in final
    assert "the worst case is bounded: $7" in final
    assert "hard limits of 1 envelope, kept by people" in final
    await tick_the_clock(office, days=8)
    assert len(await posts(office.kim)) == 4


async def test_a_tick_by_hand_shows_on_the_weeks_post_and_can_be_taken_back(office: Office):
    await started(office)
    done = await office.farah.types("/budget rollout tick 5")
    assert "Ticked: 5, every team that calls a model is known" in done.text
    await office.service.delivery.deliver_due()
    for _ in range(100):
        post = (await posts(office.kim))[-1]
        if "✓ 5 Every team" in post:
            break
        await asyncio.sleep(0.05)
        await office.later(seconds=10)
    assert "✓ 5 Every team that calls a model is known. By" in post
    assert "was ticked already" in (await office.farah.types("/budget rollout tick 5")).text
    assert "Taken back: 5" in (await office.farah.types("/budget rollout untick 5")).text


async def test_strangers_do_not_tick(office: Office):
    await started(office)
    assert "and the finance team tick items" in (await office.kim.types("/budget rollout tick 5")).text


async def test_somebody_acknowledges_the_test_alert_and_the_item_ticks_itself(office: Office):
    await started(office)
    await office.farah.types("/budget rollout test-alert")
    alert = await office.kim.sees("This is a test alert", channel="C0BUDGET")
    await office.kim.clicks("Acknowledge", message=alert)
    for _ in range(20):
        await office.later(seconds=5)
        if any("seen by" in text_of(one) for one in await office.kim.reads("C0BUDGET")):
            break
    assert await office.kim.sees("Test alert: seen by", channel="C0BUDGET")
    listed = await office.farah.types("/budget rollout")
    assert "✓ 13 A test alert was seen. <@U0KIM> acknowledged the test alert." in listed.text


async def test_while_it_rests_nothing_is_posted_and_afterwards_nothing_is_overdue_for_it(office: Office):
    await started(office)
    assert "paused" in (await office.farah.types("/budget rollout pause")).text
    await tick_the_clock(office, days=20)
    assert len(await posts(office.kim)) == 1
    resumed = await office.farah.types("/budget rollout resume")
    assert "the days of rest were added" in resumed.text
    assert "overdue" not in resumed.text
    await tick_the_clock(office, days=7)
    assert "week 2 of 4" in (await posts(office.kim))[-1]
