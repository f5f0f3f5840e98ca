"""Story: somebody with a role is deactivated in Slack, and finance hears of it."""

from __future__ import annotations

from bot.people import look_for_departed
from core.change_request import SetOrder
from core.money import NANOS
from core.people import Actor
from core.services.manage_envelopes import Defaults, set_envelope
from sandbox.people import text_of
from tests.support.office import NOW, Office, set_fault

LEE = "U0LEE"
"""Has left the sandbox's company."""


async def with_lee_as_sponsor(office: Office) -> None:
    order = SetOrder("search", 500 * NANOS, owner="U0ANA", finance="U0FARAH", sponsor=LEE)
    by = Actor("U0FARAH", is_finance=True)
    await set_envelope(office.service.uow, order, by=by, defaults=Defaults(None, None), now=NOW)


async def looks(office: Office) -> int:
    service = office.service
    return await look_for_departed(service.uow, service.reads, finance=("U0FARAH",), now=NOW, pause_seconds=0)


async def test_finance_hears_once_of_a_sponsor_whom_slack_has_deactivated(office: Office):
    await with_lee_as_sponsor(office)
    assert [await looks(office), await looks(office)] == [1, 1]
    await office.later(seconds=1)
    await office.farah.sees("is deactivated in Slack and still sponsor of", channel="dm")
    told = [text_of(one) for one in await office.farah.reads("dm") if "deactivated" in text_of(one)]
    assert len(told) == 1
    assert "/budget set search sponsor=@name" in told[0]


async def test_nobody_is_said_to_have_left_because_slack_does_not_answer(office: Office):
    await with_lee_as_sponsor(office)
    await set_fault(office, "users.info", "500", times=3)
    assert await looks(office) == 0
