"""Settings of the workspace, who is told of a role, and who has left."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from core.errors import NotAllowed, OutOfRange
from core.people import Actor
from core.preferences import Preferences
from core.services.manage_preferences import read_preferences, set_preferences
from core.services.watch_people import people_named, tell_departed
from core.store.outbox_tables import OutboxRow
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, DANA, FARAH, FINANCE, KIM, NOON, SAM, an_order, sets

OUTBOX = OutboxRow.__table__


async def told(uow: UnitOfWork, kind: str) -> list[tuple[str, dict]]:
    async with uow.read() as tx:
        rows = await tx.connection.execute(
            select(OUTBOX.c.recipient, OUTBOX.c.facts).where(OUTBOX.c.kind == kind).order_by(OUTBOX.c.id)
        )
        return [(recipient, facts) for recipient, facts in rows]


async def test_a_new_envelope_takes_the_settings_and_an_old_one_keeps_its_own(uow: UnitOfWork):
    old = (await sets(uow, an_order("old"))).envelope
    given = {
        "soft_share": 0.7,
        "hard_share": 1.1,
        "margin": 0.5,
        "deputy": DANA,
        "channel": "C0SEARCH",
        "quiet": "22-7",
    }
    await set_preferences(uow, given, by=FINANCE, now=NOON)
    new = (await sets(uow, an_order("new"))).envelope
    terms = new.terms
    assert (terms.soft_share, terms.hard_share, terms.margin, terms.channel) == (0.7, 1.1, 0.5, "C0SEARCH")
    assert terms.people.deputy == DANA
    changed = (await sets(uow, an_order("old", 3000))).envelope
    assert (changed.terms.soft_share, changed.terms.channel, changed.terms.people.deputy) == (
        0.8,
        old.terms.channel,
        None,
    )


async def test_what_is_said_goes_before_the_settings(uow: UnitOfWork):
    await set_preferences(uow, {"soft_share": 0.7, "deputy": DANA}, by=FINANCE, now=NOON)
    terms = (await sets(uow, an_order("new", soft_share=0.5, deputy=KIM))).envelope.terms
    assert (terms.soft_share, terms.people.deputy) == (0.5, KIM)


async def test_the_usual_deputy_never_stands_in_for_themselves_or_owns(uow: UnitOfWork):
    await set_preferences(uow, {"deputy": SAM}, by=FINANCE, now=NOON)
    assert (await sets(uow, an_order("new"))).envelope.terms.people.deputy is None
    await set_preferences(uow, {"deputy": ANA}, by=FINANCE, now=NOON)
    assert (await sets(uow, an_order("newer"))).envelope.terms.people.deputy is None


async def test_only_finance_changes_settings_and_the_audit_knows(uow: UnitOfWork):
    with pytest.raises(NotAllowed):
        await set_preferences(uow, {"margin": 0.3}, by=Actor(ANA), now=NOON)
    with pytest.raises(OutOfRange, match="do not go together"):
        await set_preferences(uow, {"soft_share": 1.0}, by=FINANCE, now=NOON)
    before, after = await set_preferences(uow, {"margin": 0.3}, by=FINANCE, now=NOON)
    assert (before, after) == (Preferences(), Preferences(margin=0.3))
    await set_preferences(uow, {"margin": None}, by=FINANCE, now=NOON)
    assert await read_preferences(uow) == Preferences()
    async with uow.read() as tx:
        lines = await tx.audit.newest(subject="settings", limit=5)
    assert [(line.actor, line.detail) for line in lines] == [(FARAH, {"margin": None}), (FARAH, {"margin": 0.3})]


async def test_each_person_is_welcomed_once_in_each_role(uow: UnitOfWork):
    await sets(uow, an_order("one"))
    await sets(uow, an_order("two"))
    await sets(uow, an_order("one", 3000))
    assert [(person, facts["role"], facts["workload"]) for person, facts in await told(uow, "welcome")] == [
        (FARAH, "finance partner", "one"), (SAM, "sponsor", "one"), (ANA, "owner", "one"),
    ]  # fmt: skip
    await sets(uow, an_order("three", finance=ANA))
    assert (await told(uow, "welcome"))[-1][1]["role"] == "owner and finance partner"


async def test_finance_is_told_once_of_somebody_who_left_with_all_their_roles(uow: UnitOfWork):
    await sets(uow, an_order("one"))
    await sets(uow, an_order("two", sponsor=DANA))
    assert await people_named(uow) == tuple(sorted({ANA, FARAH, SAM, DANA}))
    for _ in range(2):
        assert await tell_departed(uow, [ANA, KIM], finance=(FARAH,), now=NOON) == 1
    assert await told(uow, "person_departed") == [
        (FARAH, {"person": ANA, "roles": [["one", "owner"], ["two", "owner"]]})
    ]


async def test_where_all_of_finance_has_left_nobody_is_told(uow: UnitOfWork):
    await sets(uow, an_order("one"))
    assert await tell_departed(uow, [FARAH], finance=(FARAH,), now=NOON) == 0
    assert await tell_departed(uow, [FARAH], finance=(), now=NOON) == 0
