"""The first 30 days: days and weeks, posts and outages, what ticks itself, and the bound at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.command_line import parse
from core.errors import OutOfRange, UnknownName
from core.money import NANOS
from core.rollout import (
    ITEMS,
    Finding,
    Post,
    Rollout,
    RolloutState,
    Tick,
    checklist,
    item_numbered,
    newly_proven,
    post_due,
)
from core.rollout_evidence import ALERTED, DRY_RUN, REPLAYED, Covered, Facts, Mark, Weighty, findings
from core.rollout_facts import RolloutPost, packed, unpacked
from core.worst_case import Exposure, WorstCase, worst_case

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 2)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
MARK = Mark("search-answers", "U0ANA", NOON)
PROVEN = Facts(
    sources=2, requests=12_000, coverage={"feature": Covered(0.97, NANOS), "environment": Covered(0.9, NANOS)},
    bucket_owner="U0FARAH", bucket_share=0.02,
    workloads=(Weighty("search", 90 * NANOS, 28, 0, True, True, "stop"), Weighty("chat", 10 * NANOS, 3)),
    metrics=(("search", "query"),), foretold_nanos=100 * NANOS,
    marks={REPLAYED: MARK, ALERTED: MARK, DRY_RUN: MARK}, signed="openai 2026-10 is signed by engineering and finance.",
)  # fmt: skip


def a_rollout(**changes: object) -> Rollout:
    values: dict = {
        "id": 1, "channel": "C0BUDGET", "zone": BERLIN, "started_on": MONDAY, "people": ("U0ANA",), "started_by": "U0FARAH",
    }  # fmt: skip
    return Rollout(**values | changes)


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """That day of the rollout, by the clock in Berlin."""
    local = datetime(2026, 11, 2, hour, minute, tzinfo=BERLIN) + timedelta(days=day - 1)
    return local.astimezone(UTC)


def test_posts_are_due_at_nine_in_the_channels_zone_each_week_and_on_day_30():
    due = {}
    rollout = a_rollout()
    for hour in range(40 * 24):
        now = at(1, 0) + timedelta(hours=hour)
        if post := post_due(rollout, now):
            due[now.astimezone(BERLIN).strftime("%d.%m. %H:%M")] = post
            rollout = replace(rollout, posted=post.number)
    assert due == {
        "02.11. 09:00": Post(1), "09.11. 09:00": Post(2), "16.11. 09:00": Post(3), "23.11. 09:00": Post(4),
        "01.12. 09:00": Post(5),
    }  # fmt: skip


def test_a_rollout_that_is_started_in_the_afternoon_posts_at_once_and_one_before_nine_waits():
    assert post_due(a_rollout(), at(1, 15)) == Post(1)
    assert post_due(a_rollout(), at(1, 8, 59)) is None
    assert post_due(a_rollout(started_on=MONDAY + timedelta(days=3)), at(2)) is None


def test_weeks_missed_in_an_outage_are_one_post_that_names_them():
    assert post_due(a_rollout(posted=1), at(24)) == Post(4, missed=(2, 3))
    assert post_due(a_rollout(posted=1), at(60)) == Post(5, missed=(2, 3, 4))
    assert post_due(a_rollout(posted=5), at(60)) is None


def test_days_of_rest_count_for_nothing():
    resting = a_rollout(posted=1).paused(MONDAY + timedelta(days=3))
    assert post_due(resting, at(20)) is None
    assert resting.day(MONDAY + timedelta(days=19)) == 4
    back = resting.resumed(MONDAY + timedelta(days=19))
    assert back.day(MONDAY + timedelta(days=19)) == 4
    assert post_due(back, at(20)) is None
    assert post_due(back, at(8 + 16)) == Post(2)
    assert back.date_of(30) == MONDAY + timedelta(days=29 + 16)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=5))
def test_however_often_it_rests_the_days_it_ran_add_up(spans: list[tuple[int, int]]):
    rollout, today, ran = a_rollout(), MONDAY, 0
    for runs, rests in spans:
        today += timedelta(days=runs)
        ran += runs
        rollout = rollout.paused(today)
        today += timedelta(days=rests)
        rollout = rollout.resumed(today)
    assert rollout.day(today) == ran + 1


def test_what_does_not_run_cannot_be_paused_and_what_does_not_rest_cannot_be_resumed():
    with pytest.raises(OutOfRange, match="is paused"):
        a_rollout().paused(MONDAY).paused(MONDAY)
    with pytest.raises(OutOfRange, match="nothing to resume"):
        a_rollout().resumed(MONDAY)
    with pytest.raises(OutOfRange, match="is finished"):
        a_rollout(state=RolloutState.FINISHED).paused(MONDAY)


def test_every_item_that_is_not_by_hand_has_a_finding_and_every_open_one_a_way_on():
    for facts in (Facts(), PROVEN, replace(PROVEN, marks={}), replace(PROVEN, workloads=PROVEN.workloads[1:])):
        found = findings(facts)
        assert set(found) == {item.key for item in ITEMS if not item.by_hand}
        for key, finding in found.items():
            assert finding.says, key
            assert finding.is_proven or (finding.blocks and finding.line.startswith("/budget ")), key


def test_full_books_prove_everything_and_empty_ones_nothing():
    assert all(finding.is_proven for finding in findings(PROVEN).values())
    assert not any(finding.is_proven for finding in findings(Facts()).values())


@pytest.mark.parametrize(
    ("share", "says", "is_proven"),
    [
        (0.41, "41% over seven days; 50% is next.", False),
        (0.5, "50% over seven days; 50% is reached, 80% is next.", False),
        (0.8999, "89% over seven days; 80% is reached, 90% is next.", False),
        (0.9, "90% over seven days.", True),
    ],
)
def test_coverage_climbs_by_marks(share: float, says: str, is_proven: bool):
    finding = findings(Facts(coverage={"feature": Covered(share, 59 * NANOS)}))["feature"]
    assert (finding.says, finding.is_proven) == (says, is_proven)
    assert is_proven or finding.blocks == "$59 without one."


def test_only_the_workloads_that_make_most_of_the_spend_hold_an_item_up():
    small = Weighty("small", 10 * NANOS, 1)
    found = findings(replace(PROVEN, workloads=(PROVEN.workloads[0], small)))
    assert found["shapes"].is_proven
    assert found["envelopes"].is_proven
    large = replace(small, nanos=900 * NANOS)
    found = findings(replace(PROVEN, workloads=(large, PROVEN.workloads[0])))
    assert found["shapes"].blocks == "small has fewer than 7 days of usage."
    assert (found["envelopes"].blocks, found["envelopes"].line) == ("small has none.", "/budget set small")


def test_degradation_is_tried_dry_before_it_is_in_force():
    search = PROVEN.workloads[0]

    def found(degrade: str | None, *, is_dry: bool = False, tried: bool = False) -> Finding:
        marks = {DRY_RUN: MARK} if tried else {}
        workload = replace(search, degrade=degrade, is_dry=is_dry)
        return findings(replace(PROVEN, workloads=(workload,), marks=marks))["degradation"]

    assert found(None).line == "/budget set search degrade=throttle=60/min,dry-run"
    assert found("stop,dry-run", is_dry=True, tried=True).line == "/budget set search degrade=stop"
    assert "None was tried dry" in found("stop").blocks
    done = found("stop", tried=True)
    assert (done.is_proven, done.says) == (True, "search: stop. <@U0ANA> tried search-answers dry first.")


def test_every_line_that_leads_on_can_be_pasted():
    states = (Facts(), PROVEN, replace(PROVEN, marks={}), replace(PROVEN, workloads=PROVEN.workloads[1:]))
    lines = {finding.line for facts in states for finding in findings(facts).values() if finding.line}
    assert len(lines) > 8
    for line in lines:
        parse(line.removeprefix("/budget "), today=MONDAY)


def test_an_open_item_is_overdue_the_day_after_its_week_and_never_while_it_rests():
    found = findings(Facts())
    assert checklist(a_rollout(), {}, found, now=at(7)).overdue == ()
    late = checklist(a_rollout(), {}, found, now=at(8)).overdue
    assert [line.number for line in late] == [1, 2, 3, 4, 5]
    assert late[4].finding.line == "/budget rollout tick 5"
    resting = a_rollout().paused(MONDAY)
    assert checklist(resting, {}, found, now=at(20)).overdue == ()


def test_what_is_ticked_is_neither_overdue_nor_next_and_stays_ticked():
    ticks = {key: Tick(key, NOON, None, "seen") for key in ("source", "feature", "environment", "bucket")}
    listed = checklist(a_rollout(), ticks, findings(Facts()), now=at(9))
    assert [line.item.key for line in listed.overdue] == ["inventory"]
    assert (listed.done, listed.next_line.item.key) == (4, "inventory")
    assert newly_proven(ticks, findings(Facts()), now=NOON) == ()


def test_items_by_hand_never_tick_themselves():
    proven = newly_proven({}, findings(PROVEN), now=NOON)
    assert {tick.key for tick in proven} == {item.key for item in ITEMS if not item.by_hand}
    assert all(tick.by is None and tick.evidence for tick in proven)
    assert newly_proven({tick.key: tick for tick in proven}, findings(PROVEN), now=NOON) == ()


def test_items_are_named_by_number():
    assert item_numbered(1).key == "source"
    for wrong in (0, 17, -1):
        with pytest.raises(UnknownName, match="items 1 to 16"):
            item_numbered(wrong)


def test_a_post_comes_back_from_the_outbox_as_it_was():
    worst = WorstCase(5, 6, 7, timedelta(minutes=4), 1, 2, (("chat", 9),))
    ticks = {"source": Tick("source", NOON, None, "seen"), "inventory": Tick("inventory", NOON, "U0ANA")}
    listed = checklist(a_rollout(posted=4), ticks, findings(Facts()), now=at(30))
    said = RolloutPost(listed, Post(5, (3,)), worst, 12)
    assert unpacked(packed(said)) == said


def test_the_worst_case_is_limits_that_the_guard_keeps_and_limits_plus_what_runs_on_unseen():
    found = worst_case(
        [
            Exposure("guarded", 100, True, 10, burn_nanos=50),
            Exposure("alerted", 200, False, 10, burn_nanos=60),
            Exposure("loose", None, True, 30, burn_nanos=5, ends_nanos=70),
            Exposure("idle", None, False, 0, 0),
        ],
        timedelta(minutes=30),
    )
    assert (found.guarded_nanos, found.alerted_nanos, found.overrun_nanos) == (100, 200, 30)
    assert found.bounded_nanos == 330
    assert found.unbounded == (("loose", 70),)


def test_money_that_is_gone_already_is_part_of_the_worst_case():
    assert worst_case([Exposure("over", 100, True, 170, 0)], timedelta(0)).bounded_nanos == 170
