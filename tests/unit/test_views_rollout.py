"""The rollout in Slack: nothing too long, every open item with its way on, and the bound that adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from matplotlib.image import imread

from bot.charts.progress import alt_progress, progress_chart
from bot.slack.command_line import parse
from bot.slack.rollout_forms import RolloutCommand
from bot.slack.views.rollout import checklist_message, none_message, rollout_modal, ticked_message
from bot.slack.views.rollout_post import alert_trial_message, post_message
from core.errors import BudgetError
from core.money import NANOS
from core.rollout import ITEMS, Checklist, Post, Rollout, RolloutState, Tick, checklist
from core.rollout_evidence import Facts, Weighty, findings
from core.rollout_facts import RolloutPost
from core.worst_case import WorstCase
from tests.support.shown import buttons, interpreted, refused, refused_view, words
from tests.support.standings import ANA, FARAH, HOSTILE, MADRID

TODAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORST = WorstCase(9_000 * NANOS, 4_000 * NANOS, 50 * NANOS, timedelta(minutes=12), 2, 1, (("chat", 700 * NANOS),))


def a_list(
    started_on: date = date(2026, 11, 10), ticks: tuple[Tick, ...] = (), facts: Facts | None = None, **changes: Any
) -> Checklist:
    rollout = Rollout(1, "C0BUDGET", ZoneInfo("Europe/Berlin"), started_on, (ANA, FARAH), FARAH, **changes)
    return checklist(rollout, {tick.key: tick for tick in ticks}, findings(facts or Facts()), now=NOON)


def everything() -> tuple[Tick, ...]:
    return tuple(
        Tick(item.key, NOON, ANA if item.by_hand else None, "" if item.by_hand else "Seen. " * 30) for item in ITEMS
    )


@pytest.mark.parametrize("ticks", [(), everything()])
@pytest.mark.parametrize("started_on", [date(2026, 10, 20), date(2026, 11, 24), date(2026, 12, 5)])
def test_slack_takes_checklist_and_posts_on_any_day(started_on: date, ticks: tuple[Tick, ...]):
    listed = a_list(started_on, ticks)
    assert not refused(checklist_message(listed, may_steer=True, reader=MADRID, said="Ticked."))
    for number in (1, 2, 3, 4):
        assert not refused(post_message(RolloutPost(listed, Post(number, (1, 2))), chart_file="F1"))
    assert not refused(post_message(RolloutPost(listed, Post(5), WORST, 12), chart_file=None))


def test_the_checklist_says_day_count_and_what_is_next_with_its_line():
    shown = checklist_message(a_list(), may_steer=False, reader=MADRID)
    assert shown["blocks"][0]["text"]["text"] == "First 30 days · day 15"
    assert shown["text"] == "*0 of 16* done, *9 overdue*. Next is 1, a source sends usage: `/budget sources`"


def test_later_weeks_are_named_but_not_argued_yet():
    shown = words(checklist_message(a_list(TODAY), may_steer=False, reader=MADRID)["blocks"])
    assert "○ 14 The largest workloads degrade past hard, tried dry first\n" in shown
    assert "○ 1 A source sends usage. No source is heard." in shown


def test_who_ticked_is_named_and_what_the_books_proved_carries_its_evidence():
    ticks = (Tick("source", NOON, None, "1 source sent 12 requests in seven days."), Tick("inventory", NOON, ANA))
    shown = words(checklist_message(a_list(ticks=ticks), may_steer=False, reader=MADRID)["blocks"])
    assert "✓ 1 A source sends usage. 1 source sent 12 requests in seven days. (24 Nov)" in shown
    assert f"✓ 5 Every team that calls a model is known. By <@{ANA}>, 24 Nov" in shown


def test_only_finance_gets_the_button_that_pauses():
    assert "Pause" in buttons_of(checklist_message(a_list(), may_steer=True, reader=MADRID))
    assert "Pause" not in buttons_of(checklist_message(a_list(), may_steer=False, reader=MADRID))
    paused = a_list(state=RolloutState.PAUSED, paused_on=TODAY)
    assert "Resume" in buttons_of(checklist_message(paused, may_steer=True, reader=MADRID))


def buttons_of(message: Any) -> list[str]:
    found = [one for block in message["blocks"] if block["type"] == "actions" for one in block["elements"]]
    return [one["text"]["text"] for one in found if one["type"] == "button"]


def test_a_weekly_post_has_what_is_overdue_what_is_due_and_lines_to_paste():
    post = post_message(RolloutPost(a_list(), Post(3, (2,))), chart_file=None)
    shown = words(post["blocks"])
    assert "Week 2 was not posted: Outlay did not run then." in shown
    assert shown.index("*Overdue*") < shown.index("*This week, until 30 Nov*")
    pasted = [block for block in post["blocks"] if block["type"] == "rich_text"]
    assert words(pasted).splitlines()[0] == "/budget sources"


def test_the_final_statement_names_the_bound_and_its_parts_add_up():
    shown = words(post_message(RolloutPost(a_list(), Post(5), WORST, 7_000 * NANOS), chart_file=None)["blocks"])
    assert "*We know where we are today, and the worst case is bounded: $13,050 this month.*" in shown
    assert "Not bounded: `chat` has no envelope; the forecast sees $700 there." in shown
    assert "$9,000: hard limits of 2 envelopes, kept by the guard" in shown
    assert "$4,000: hard limits of 1 envelope" in shown
    assert "$50: what those may spend unseen, 12 minutes of feed lag" in shown
    assert "Spent so far this month: *$7,000*." in shown


def test_nothing_is_called_bounded_where_everything_is():
    whole = replace(WORST, unbounded=())
    assert "Not bounded" not in words(post_message(RolloutPost(a_list(), Post(5), whole), chart_file=None)["blocks"])


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_names_ping_nobody(typed: str):
    facts = Facts(workloads=(Weighty(typed, NANOS, 2),), metrics=((typed, typed),))
    listed = a_list(facts=facts, ticks=(Tick("metric", NOON, None, f"{typed} follows it."),))
    for shown in (
        checklist_message(listed, may_steer=True, reader=MADRID),
        post_message(RolloutPost(listed, Post(2)), chart_file=None),
        post_message(RolloutPost(listed, Post(5), replace(WORST, unbounded=((typed, 1),))), chart_file=None),
    ):
        assert not refused(shown)
        assert not any(active in interpreted(shown) for active in ("<!", "<https"))


def test_the_form_has_three_fields_and_warns_before_it_forgets_ticks():
    form = rollout_modal(channel_id="C0BUDGET", people=[ANA], today=TODAY, again=True)
    assert not refused_view(form)
    assert sum(block["type"] == "input" for block in form["blocks"]) == 3
    assert "forgets its ticks" in words(form["blocks"])
    assert "forgets" not in words(rollout_modal(channel_id=None, people=[], today=TODAY, again=False)["blocks"])


def test_before_any_rollout_everyone_learns_what_it_would_be():
    assert buttons(none_message(may_steer=True)) == {"Start the first 30 days": ("open_rollout", "")}
    assert buttons(none_message(may_steer=False)) == {}
    assert words(none_message(may_steer=False)["blocks"]).count("• *Week") == 4


def test_a_seen_test_alert_has_no_button_left():
    unseen = alert_trial_message(FARAH, None, None, "rollout_test_alert/1/2", reader=MADRID)
    assert buttons(unseen) == {"Acknowledge": ("see_test_alert", "rollout_test_alert/1/2")}
    seen = alert_trial_message(None, ANA, NOON, "x", reader=MADRID)
    assert (buttons(seen), refused(seen)) == ({}, [])
    assert f"seen by <@{ANA}> at 24 Nov 2026, 13:00 CET" in seen["text"]


def test_a_tick_offers_to_be_taken_back():
    assert ticked_message(5, undo=False, changed=True).endswith("Take it back: `/budget rollout untick 5`")
    assert ticked_message(2, undo=True, changed=False) == "2, 90% of the spend carries a feature, was open already."


def test_the_chart_shows_every_item_and_its_words_say_the_same():
    listed = a_list(ticks=everything()[:5])
    assert imread(BytesIO(progress_chart(listed))).shape[1] == 960
    assert alt_progress(listed) == (
        "Progress: 5 of 16 items done. week 1 Attribution: 5 of 5, week 2 Forecast: 0 of 4, week 3 Envelopes and alerts: 0 of 4, "
        "week 4 Bounds and a first close: 0 of 3; 4 overdue."
    )


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("rollout", RolloutCommand()),
        ("rollout start", RolloutCommand("start")),
        ("rollout begin", RolloutCommand("start")),
        (
            "rollout start <#C0BUDGET|ai-budget> from=2026-12-01 <@U0ANA|ana> people=<@U0FARAH>",
            RolloutCommand("start", channel="C0BUDGET", from_on=date(2026, 12, 1), people=("U0ANA", "U0FARAH")),
        ),
        ("rollout start tomorrow", RolloutCommand("start", from_on=date(2026, 11, 25))),
        ("rollout tick 5", RolloutCommand("tick", number=5)),
        ("rollout done #5", RolloutCommand("tick", number=5)),
        ("rollout untick 16", RolloutCommand("untick", number=16)),
        ("rollout test alert", RolloutCommand("test-alert")),
        ("rollout --share", RolloutCommand(share=True)),
    ],
)
def test_lines_are_read(typed: str, expected: RolloutCommand):
    assert parse(typed, today=TODAY) == expected


@pytest.mark.parametrize(
    ("typed", "says", "correction"),
    [
        ("rollout strat", "Did you mean start?", "/budget rollout start"),
        ("rollout 5", "is nothing that a rollout does", "/budget rollout"),
        ("rollout tick", "Which item?", "/budget rollout tick 1"),
        ("rollout tick 17", "1 to 16", "/budget rollout tick 1"),
        ("rollout pause now", "takes nothing behind it", "/budget rollout pause"),
        ("rollout start @ana", "could not tell who", "/budget rollout start"),
        ("rollout start color=red", "do not know color=", "/budget rollout start"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_line_that_can(typed: str, says: str, correction: str):
    with pytest.raises(BudgetError, match=says) as caught:
        parse(typed, today=TODAY)
    assert caught.value.correction == correction
    parse(correction, today=TODAY)
