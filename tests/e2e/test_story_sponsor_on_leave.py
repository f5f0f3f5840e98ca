"""Story: the sponsor is on leave, as their Slack status says, and the deputy decides at once."""

from __future__ import annotations

from sandbox import Person
from sandbox.people import text_of
from tests.e2e.test_story_sponsor_grants import breached
from tests.support.office import Office, set_fault, with_envelope


async def looks(office: Office) -> int:
    turned = await office.service.leaves.look()
    await office.service.delivery.deliver_due()
    return turned


async def test_a_status_that_says_vacationing_asks_the_deputy_too_and_says_why(office: Office):
    await office.sam.sets_status("Am See, <!channel>", ":palm_tree:", expires=1_796_335_200)
    message = await breached(office)
    await looks(office)
    dana = Person(office.box.url, "U0DANA")
    asked = await dana.sees("is past its hard threshold", channel="dm")
    assert "<@U0SAM>'s Slack status says on leave until 3 Dec 2026, so you are asked." in text_of(asked)
    assert "Am See" not in text_of(asked)
    await dana.clicks("Keep degraded", message=asked)
    decided = await office.sam.sees("<@U0DANA> keeps it as it is", channel="dm")
    assert decided["ts"] == message["ts"]
    assert "asked the deputy" in (await office.farah.types("/budget audit search")).text


async def test_slack_that_does_not_tell_the_status_delays_no_sponsor(office: Office):
    await office.sam.sets_status("Vacationing", ":palm_tree:")
    await set_fault(office, "users.info", "500", times=20)
    await breached(office)
    assert await looks(office) == 0


async def test_a_sponsor_says_that_they_are_away_and_the_owner_reads_who_is_asked(office: Office):
    await with_envelope(office)
    gone = await office.sam.types("/budget settings away=3 Dec")
    assert "You are away until 3 Dec 2026." in gone.text and "/budget set search deputy=@name" in gone.text
    asked = await office.ana.types("/budget request search 100 launch week")
    assert "<@U0SAM> is away until 3 Dec 2026, and no deputy is named" in asked.text
    await office.ana.sees("waits for a decision, but its sponsor <@U0SAM> is away until 3 Dec 2026", channel="dm")
    assert "You are back" in (await office.sam.types("/budget settings away=off")).text
