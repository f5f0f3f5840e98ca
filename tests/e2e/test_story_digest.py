"""Story: on Monday morning each channel hears once where its envelopes end the month, whoever delivers."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery import Delivery
from bot.digests import channel_zone, post_digests
from bot.notices import composers
from bot.schedule import look_ahead
from bot.slack.identity import Readers
from core.services.write_digest import monday_due, write_digest
from sandbox.people import text_of
from tests.support.office import ANA, SAM, Office, set_fault, with_envelope
from tests.support.shown import refused

MONDAY = datetime(2026, 11, 30, 9, 0, 30, tzinfo=UTC)


def digests(messages: list[dict]) -> list[dict]:
    return [message for message in messages if "week of 30 Nov 2026" in text_of(message)]


async def in_channel(office: Office, channel: str = "C0BUDGET") -> list[dict]:
    answer = await AsyncWebClient("xoxb-sandbox", base_url=office.box.api_url).conversations_history(channel=channel)
    found: list[dict] = answer["messages"]
    return digests(found)


async def monday_comes(office: Office) -> None:
    office.clock.at = MONDAY
    await look_ahead(office.service.uow, now=MONDAY, zone_of=office.service.readers.zone_of)


async def test_a_channel_hears_once_about_all_its_envelopes(office: Office):
    await with_envelope(office, "450")
    await office.farah.types("/budget workload add support feature=support")
    await office.farah.clicks("Add and re-attribute this cycle")
    await office.farah.types(f"/budget set support 900 owner={ANA} sponsor={SAM}")
    await monday_comes(office)
    await monday_comes(office)
    await office.service.delivery.deliver_due()
    (posted,) = await in_channel(office)
    assert refused(posted) == []
    assert "2 envelopes of *$1,350* together" in text_of(posted)
    assert any(
        block["type"] == "image" and "Small charts of 2 envelopes" in block["alt_text"] for block in posted["blocks"]
    )
    shown = await office.kim.clicks("Why", message=posted | {"channel": "C0BUDGET"})
    assert "spends what it does" in shown.text


async def test_two_deliveries_that_race_post_one_digest(office: Office):
    await with_envelope(office, "450")
    client = AsyncWebClient("xoxb-sandbox", base_url=office.box.api_url, retry_handlers=[])
    uow = office.service.uow
    with ThreadPoolExecutor(1) as charts:
        other = Delivery(
            uow, client, Readers(client, uow.zone), office.clock, composers=composers(client, charts, uow.zone)
        )
        office.clock.at = MONDAY
        await asyncio.gather(look_ahead(uow, now=MONDAY), look_ahead(uow, now=MONDAY))
        await asyncio.gather(office.service.delivery.deliver_due(), other.deliver_due(), other.deliver_due())
    assert len(await in_channel(office)) == 1


async def test_a_digest_whose_answer_was_lost_is_not_posted_again(office: Office):
    await with_envelope(office, "450")
    await set_fault(office, "chat.postMessage", "lost")
    await monday_comes(office)
    await office.service.delivery.deliver_due()
    await office.later(seconds=90)
    assert len(await in_channel(office)) == 1


async def test_without_its_picture_the_digest_stands_alone(office: Office):
    await with_envelope(office, "450")
    await set_fault(office, "files.getUploadURLExternal", "500", times=5)
    await monday_comes(office)
    await office.service.delivery.deliver_due()
    (posted,) = await in_channel(office)
    assert not any(block["type"] == "image" for block in posted["blocks"])
    assert "One envelope of *$450*" in text_of(posted)


async def test_nothing_is_written_where_no_channel_has_an_envelope(office: Office):
    assert await write_digest(office.service.uow, monday=date(2026, 11, 30), now=MONDAY) == 0


async def test_it_is_monday_on_the_clock_of_the_owners(office: Office):
    await with_envelope(office, "450")  # Ana's, who reads Madrid's clock
    uow, zone_of = office.service.uow, office.service.readers.zone_of
    assert not await post_digests(uow, zone_of, now=datetime(2026, 11, 30, 7, 59, tzinfo=UTC))
    office.clock.at = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert await post_digests(uow, zone_of, now=office.clock.at)
    await office.service.delivery.deliver_due()
    assert len(await in_channel(office)) == 1


def test_a_channel_reads_the_clock_of_most_owners_in_it():
    madrid, utc, tokyo = ZoneInfo("Europe/Madrid"), ZoneInfo("UTC"), ZoneInfo("Asia/Tokyo")
    assert channel_zone([madrid, tokyo, madrid], utc) == madrid
    assert channel_zone([madrid, utc], utc) == utc
    assert channel_zone([madrid, tokyo], utc) == tokyo
    assert channel_zone([], utc) == utc


def test_a_digest_is_due_on_mondays_from_nine_in_its_zone():
    kolkata = ZoneInfo("Asia/Kolkata")
    assert monday_due(datetime(2026, 11, 30, 3, 29, tzinfo=UTC), kolkata) is None
    assert monday_due(datetime(2026, 11, 30, 3, 30, tzinfo=UTC), kolkata) == date(2026, 11, 30)
    assert monday_due(datetime(2026, 11, 30, 18, 29, tzinfo=UTC), kolkata) == date(2026, 11, 30)
    assert monday_due(datetime(2026, 11, 30, 18, 30, tzinfo=UTC), kolkata) is None
    assert monday_due(datetime(2026, 12, 1, 9, tzinfo=UTC), ZoneInfo("UTC")) is None
