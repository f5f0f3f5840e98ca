"""Story: somebody sends `prod` where everybody else sends `production`, and finance puts it right."""

from __future__ import annotations

from datetime import timedelta

from core.services.manage_tokens import import_source
from core.services.record_usage import Bookkeeper
from tests.support.books import an_event
from tests.support.office import NOW, Office


async def send(office: Office, *environments: str) -> None:
    source = await import_source(office.service.uow, "job", now=NOW)
    events = [an_event(at=NOW - timedelta(hours=1), tags={"environment": one}) for one in environments]
    await Bookkeeper(office.service.uow).record(source.id, list(enumerate(events)), now=NOW)


async def test_look_alikes_are_merged_with_their_history(office: Office):
    await send(office, "production", "production", "prod", "prodution")
    overview = await office.kim.types("/budget tags")
    assert "`environment` wants a look." in overview.text
    tag = await office.farah.types("/budget tags environment")
    assert "`prod`" in tag.text and "look like `production`" in tag.text
    await office.kim.types("/budget tags environment")
    refused = await office.kim.clicks("Merge into production")
    assert "Only the finance team can merge tag values" in refused.text
    done = await office.farah.clicks("Merge and re-label 3 months")
    assert "count as `production` from now on" in done.text and "2 requests" in done.text
    assert "nothing to re-attribute" in (await office.farah.clicks("Re-attribute past usage…")).text
    tidy = await office.farah.types("/budget tags env")
    assert "look like" not in tidy.text and "`prod` counts as `production`" in tidy.text
    back = await office.farah.clicks("Take back")
    assert "of its own again" in back.text


async def test_a_merge_by_hand_is_shown_before_it_happens(office: Office):
    await send(office, "live", "production")
    asked = await office.farah.types("/budget tags environment live=production")
    assert "Nothing has changed yet" in asked.text and "1 request" in asked.text
    done = await office.farah.clicks("Merge into production")
    assert "Past usage keeps its label" in done.text
    assert "merged tag values" in (await office.kim.types("/budget audit")).text


async def test_a_model_is_no_tag(office: Office):
    assert "spend by model" in (await office.kim.types("/budget tags model")).text
