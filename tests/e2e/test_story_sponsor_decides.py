"""Story: a sponsor between two meetings. What they see is enough to decide on, and each decision counts once."""

from __future__ import annotations

import asyncio

from sandbox import Person
from sandbox.people import text_of
from tests.support.office import Office, with_envelope


def kinds(message: dict) -> list[str]:
    return [block["type"] for block in message["blocks"]]


async def test_the_sponsor_declines_and_nothing_changes(office: Office):
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    request = await office.sam.sees("asks you to raise", channel="dm")
    for fact in ("<@U0ANA>", "$500 → $900", "+$400, +80%", "of what is asked", "nothing changes until you decide"):
        assert fact in text_of(request)
    await office.sam.clicks("Decline", message=request)
    declined = await office.sam.sees("declined by <@U0SAM>", channel="dm")
    assert declined["ts"] == request["ts"]
    assert "actions" not in kinds(declined)
    told = await office.ana.sees("was declined by <@U0SAM>", channel="dm")
    assert "$500 still holds" in text_of(told)
    assert "of *$500*" in (await office.kim.types("/budget status search")).text


async def test_asking_again_takes_the_older_request_off_the_table(office: Office):
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    older = await office.sam.sees("$500 → $900", channel="dm")
    await office.ana.types("/budget set search 700")
    newer = await office.sam.sees("$500 → $700", channel="dm")
    replaced = await office.sam.sees("replaced by a newer change", channel="dm")
    assert replaced["ts"] == older["ts"]
    assert "actions" not in kinds(replaced)
    await office.sam.clicks("Approve", message=newer)
    await office.ana.sees("was approved by <@U0SAM>", channel="dm")
    assert "of *$700*" in (await office.kim.types("/budget status search")).text


async def test_lowering_asks_nobody(office: Office):
    await with_envelope(office)
    assert "from $500 a month to *$300 a month*" in (await office.ana.types("/budget set search 300")).text
    assert await office.sam.reads("dm") == []


async def test_a_sponsor_who_asks_is_decided_on_by_the_deputy(office: Office):
    await with_envelope(office)
    await office.farah.types("/budget set search finance=@sam deputy=@dana")
    first = await office.sam.sees("asks you to", channel="dm")
    await office.sam.clicks("Approve", message=first)
    await office.farah.sees("was approved by", channel="dm")
    asked = await office.sam.types("/budget set search 900")
    assert "waits for" in asked.text
    dana = Person(office.box.url, "U0DANA")
    request = await dana.sees("<@U0SAM> asks you to raise", channel="dm")
    await dana.clicks("Approve", message=request)
    await office.sam.sees("was approved by <@U0DANA>", channel="dm")
    assert "of *$900*" in (await office.kim.types("/budget status search")).text


async def test_an_approved_size_is_compared_with_what_it_was_planned_with(office: Office):
    """The drivers are frozen with the approval, not only by the next hour's job."""
    await with_envelope(office)
    await office.ana.types("/budget set search 900")
    await office.sam.clicks("Approve", message=await office.sam.sees("$500 → $900", channel="dm"))
    await office.ana.sees("was approved by <@U0SAM>", channel="dm")
    for _ in range(100):
        shown = (await office.ana.types("/budget why search vs=plan")).text
        if "has no planned drivers" not in shown:
            break
        await asyncio.sleep(0.05)
    assert "plan" in shown and "has no planned drivers" not in shown
