"""Story: a month ends. Finance is asked for the invoice, the owner decides on the proposed envelope, once, in one message."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from bot.schedule import look_ahead
from core.close import CloseTerms
from core.services.run_close import run_close
from sandbox.people import text_of
from tests.support.office import Office, with_envelope
from tests.support.shown import refused

NINE = datetime(2026, 12, 1, 9, 0, 30, tzinfo=UTC)
FOURTH = datetime(2026, 12, 4, 0, 5, tzinfo=UTC)


async def hour_strikes(office: Office, at: datetime) -> None:
    office.clock.at = at
    close = partial(run_close, terms=CloseTerms(), finance=("U0FARAH",))
    await look_ahead(office.service.uow, now=at, close=close)
    await office.service.delivery.deliver_due()


async def closes(person, words: str = "November 2026 is over") -> list[dict]:
    return [message for message in await person.reads("dm") if words in text_of(message)]


async def test_finance_reads_the_whole_and_the_owner_accepts_less_with_one_click(office: Office):
    await with_envelope(office, "900")
    await hour_strikes(office, NINE)
    await hour_strikes(office, NINE)
    (whole,) = await closes(office.farah)
    assert refused(whole) == []
    assert "/budget reconcile openai 2026-11" in text_of(whole)
    assert "Late usage counts until 4 Dec 2026, 00:00 UTC" in text_of(whole)
    (mine,) = await closes(office.ana)
    assert refused(mine) == []
    assert "Your envelopes for December 2026" in text_of(mine)
    label = next(
        element["text"]["text"]
        for block in mine["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["text"]["text"].startswith("Accept")
    )
    done = await office.ana.clicks(label, message=mine)
    assert "search" in done.text and label.removeprefix("Accept ") in done.text
    await office.service.delivery.deliver_due()
    (latest,) = await closes(office.ana)
    assert "accepted it" in text_of(latest)
    assert label not in text_of(latest)


async def test_the_owner_calls_for_a_talk_in_the_channel(office: Office):
    await with_envelope(office, "900")
    await hour_strikes(office, NINE)
    (mine,) = await closes(office.ana)
    done = await office.ana.clicks("Discuss", message=mine)
    assert "Nothing changes until somebody decides" in done.text
    await office.service.delivery.deliver_due()
    call = await office.kim.sees("wants to talk about the envelope of", channel="C0BUDGET")
    assert refused(call) == []
    assert "<@U0FARAH>" in text_of(call)


async def test_the_frozen_estimate_is_told_in_the_same_words_to_everybody(office: Office):
    await with_envelope(office, "900")
    await hour_strikes(office, NINE)
    await hour_strikes(office, FOURTH)
    (latest,) = await closes(office.farah)
    assert "frozen at $" in text_of(latest)
