"""Story: the finance partner looks where spend comes from, claims it, and keeps the rules right."""

from __future__ import annotations

from sandbox.people import text_of
from tests.support.office import NOW, Office, with_search


async def test_the_bucket_leads_to_a_workload_in_two_clicks(office: Office):
    status = await office.farah.types("/budget status")
    assert "see what it is with `/budget unattributed`" in status.text
    bucket = await office.farah.clicks("What is unattributed?")
    assert "50% of it is `feature=search`" in bucket.text
    assert "this week" in bucket.text
    preview = await office.farah.clicks("Preview")
    assert "Nothing has been added yet" in preview.text
    added = await office.farah.clicks("Add and re-attribute 3 months")
    assert "20 requests" in added.text and "of the last 3 months moved here" in added.text


async def test_a_rule_is_removed_brought_back_and_explained(office: Office):
    await with_search(office)
    shown = await office.kim.types("/budget workload rules search")
    assert "1. `feature=search`" in shown.text and "20 requests" in shown.text
    await office.farah.types("/budget workload rules search")
    asked = await office.farah.clicks("Remove…")
    assert "It is still there" in asked.text and "to *unattributed*" in asked.text
    removed = await office.farah.clicks("Remove rule")
    assert "is removed" in removed.text
    explained = await office.kim.types("/budget workload explain feature=search")
    assert "counts to *unattributed*" in explained.text
    back = await office.farah.clicks("Undo", message=removed.message)
    assert "is back in its old place" in back.text
    explained = await office.kim.types("/budget workload explain feature=search team=discovery")
    assert "counts to *search*" in explained.text and "it is the only one that matches" in explained.text


async def test_past_usage_follows_the_rules_on_request(office: Office):
    await with_search(office)
    await office.farah.types("/budget workload add found feature=search team=discovery")
    await office.farah.clicks("Add rule")
    await office.farah.types("/budget workload rules found")
    preview = await office.farah.clicks("Re-attribute…")
    assert "20 requests" in preview.text and "from *search* to *found*" in preview.text
    done = await office.farah.clicks("This month")
    assert "Re-attributed 20 requests" in done.text
    assert "re-attributed usage" in (await office.kim.types("/budget audit found")).text


async def test_somebody_else_cannot_remove_a_rule(office: Office):
    await with_search(office)
    await office.kim.types("/budget workload remove search feature=search")
    refused = await office.kim.clicks("Remove rule")
    assert "belongs to somebody else" in refused.text


async def test_sources_tell_silence(office: Office):
    fine = await office.kim.types("/budget sources")
    assert "gateway" in fine.text and "can be trusted" in fine.text
    await office.later(days=3)
    silent = await office.kim.types("/budget sources")
    assert "*gateway* is silent since" in silent.text
    assert office.clock.at > NOW


async def test_a_menu_of_an_old_message_does_no_harm(office: Office):
    await with_search(office)
    shown = await office.farah.types("/budget workload rules search")
    await office.farah.types("/budget workload remove search feature=search")
    await office.farah.clicks("Remove rule")
    again = await office.farah.clicks("Remove…", message=shown.message)
    assert "does not exist any more" in again.text
    assert text_of(shown.message)


async def test_coverage_over_the_weeks_is_beside_the_breakdown(office: Office):
    await with_search(office)
    shown = await office.kim.types("/budget spend by workload")
    assert "*Attributed by week*" in shown.text and "this week" in shown.text
