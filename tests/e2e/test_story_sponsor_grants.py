"""Story: a hard threshold is crossed, the sponsor gets a message on the phone, and one word of theirs holds everywhere."""

from __future__ import annotations

import pytest

from core.envelope import State
from core.money import NANOS
from core.services.keep_promises import keep_promises
from core.services.read_envelopes import read_envelope
from sandbox import Person
from sandbox.people import text_of
from tests.support.office import ANA, SAM, Office, with_search

LADDER = "soft=50% hard=90% degrade=gpt-4.1-mini,throttle=60/min holdback=10% deputy=@dana"


async def breached(office: Office) -> dict:
    """`search` has spent $360 of $390, past nine tenths; the sponsor's message."""
    await with_search(office)
    await office.farah.types(f"/budget set search 390 owner={ANA} sponsor={SAM} {LADDER}")
    await office.service.alerts.look()
    return await office.sam.sees("is past its hard threshold", channel="dm")


async def passes(office: Office, **span: float) -> None:
    """Time passes, and what it brings is delivered."""
    await office.later(**span)
    await keep_promises(office.service.uow, now=office.clock())
    await office.service.delivery.deliver_due()


def kinds(message: dict) -> list[str]:
    return [block["type"] for block in message["blocks"]]


async def test_the_sponsor_grants_and_every_copy_says_so(office: Office):
    message = await breached(office)
    for fact in (
        "$360 of $390", "Requests go to *gpt-4.1-mini* from $351 on", "At *$390* nothing that costs", "<@U0ANA>",
    ):  # fmt: skip
        assert fact in text_of(message), text_of(message)
    await office.sam.clicks("Grant more…", message=message)
    done = await office.sam.submits({"more_amount": "70", "more_reason": "launch week"})
    assert "granted *$70*" in text_of(await office.sam.view()), done

    decided = await office.sam.sees("<@U0SAM> granted *$70*", channel="dm")
    assert decided["ts"] == message["ts"]
    assert "“launch week”" in text_of(decided) and "*$460* now, *$100* of it left" in text_of(decided)
    assert "actions" not in kinds(decided)
    await office.ana.sees("<@U0SAM> granted *$70*", channel="dm")
    reading = await read_envelope(office.service.uow, "search", now=office.clock())
    assert reading and (reading.size_nanos, reading.state) == (460 * NANOS, State.GRANTED)


async def test_mistakes_in_a_grant_are_said_at_their_field(office: Office):
    message = await breached(office)
    await office.sam.clicks("Grant more…", message=message)
    wrong = await office.sam.submits({"more_amount": "9000", "more_until": "2027-01-01", "more_reason": "x"})
    assert "up to $390" in wrong.errors["more_amount"]
    assert "2026-11-30" in wrong.errors["more_until"]
    assert "reason" in wrong.errors["more_reason"]


@pytest.mark.parametrize("person", ["ana", "kim", "farah"])
async def test_nobody_else_gets_the_form_and_reads_who_decides(office: Office, person: str):
    await breached(office)
    waiting = await office.sam.types("/budget approvals")
    assert "1 decision waits for you." in waiting.text
    refused = await getattr(office, person).types("/budget approvals")
    assert "Grant more…" not in refused.text


async def test_stop_and_let_it_go_on(office: Office):
    message = await breached(office)
    await office.farah.sees("passed its hard threshold", channel="C0BUDGET")
    await office.sam.clicks("Stop", message=message)
    assert "passed its hard threshold" in text_of(
        await office.farah.sees("<@U0SAM> stopped it: nothing that costs", channel="C0BUDGET")
    )
    stopped = await office.sam.sees("<@U0SAM> stopped it", channel="dm")
    assert stopped["ts"] == message["ts"]
    assert "stopped" in (await office.kim.types("/budget status")).text
    await office.sam.clicks("Let it go on", message=stopped)
    assert "is stopped by" not in (await office.sam.types("/budget approvals")).text


async def test_the_deputy_is_asked_after_a_day_and_decides(office: Office):
    message = await breached(office)
    for hours in (1, 3):
        await passes(office, hours=hours)
        assert "still waits for you" in text_of(await office.sam.sees("still waits for you", channel="dm"))
    await passes(office, days=1)
    dana = Person(office.box.url, "U0DANA")
    asked = await dana.sees("who has not answered for a day", channel="dm")
    await dana.clicks("Keep degraded", message=asked)
    kept = await office.sam.sees("<@U0DANA> keeps it as it is", channel="dm")
    assert kept["ts"] == message["ts"]


async def test_the_owner_draws_the_holdback_and_then_asks_for_more(office: Office):
    await breached(office)
    drawn = await office.ana.types("/budget holdback search launch week")
    assert "*$39*" in drawn.text
    await office.sam.sees("drew the holdback of *$39*", channel="dm")
    await office.ana.types("/budget request search 50 launch week goes on")
    asked = await office.sam.sees("asks for *$50* more", channel="dm")
    await office.sam.clicks("Decline", message=asked)
    await office.ana.sees("declined $50 more", channel="dm")
    assert "drawn in November 2026 already" in (await office.ana.types("/budget holdback search once more")).text
    opened = await office.ana.types("/budget request search")
    assert opened.view["callback_id"] == "ask_for_more"
