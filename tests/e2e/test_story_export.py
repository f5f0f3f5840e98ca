"""Story: finance takes the month home as a file; nobody else gets it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import aiohttp

from core.money import NANOS
from core.period import Cycle
from sandbox.people import text_of
from tests.support.office import Office, set_fault, with_search
from tests.support.shown import refused


async def test_finance_gets_the_month_in_their_messages_and_it_adds_up(office: Office):
    await with_search(office)
    said = await office.farah.types("/budget export")
    assert refused(said.message) == []
    assert "November 2026 is in your messages" in said.text
    async with aiohttp.ClientSession() as session, session.get(f"{office.box.url}/_sandbox/state") as answer:
        files = (await answer.json())["files"]
    (file,) = [one for one in (files.values() if isinstance(files, dict) else files) if one["name"].endswith(".csv")]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{office.box.url}/_sandbox/files/{file['id']}") as answer,
    ):
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
    cycle = Cycle(2026, 11)
    async with office.service.uow.read() as tx:
        spent = (await tx.spend.by_workload(cycle.first_on, cycle.last_on)).values()
    assert sum(Decimal(row["BilledCost"]) for row in rows) * NANOS == sum(one.cost_nanos for one in spent) > 0
    assert {row["x_Workload"] for row in rows} == {"search", "unattributed"}
    assert any(file["id"] in str(message) for message in await office.farah.reads("dm"))


async def test_nobody_else_gets_it(office: Office):
    said = await office.kim.types("/budget export")
    assert "Only the finance team can export the books" in said.text
    assert await office.kim.reads("dm") == []


async def test_a_file_that_slack_does_not_take_is_said_with_a_way_on(office: Office):
    await set_fault(office, "files.completeUploadExternal", "500", times=3)
    said = await office.farah.types("/budget export csv")
    assert "Slack did not take the file" in text_of(said.message)
