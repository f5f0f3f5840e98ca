"""Comparing and signing: a signature covers what was shown, and nothing else; on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import AlreadyDecided, NotAllowed, Outdated, UnknownName
from core.people import Actor, Role
from core.services.reconcile_month import Compared, digest_of
from core.services.sign_reconciliation import NumbersMoved, Signed, refuse, sign
from core.services.tell_reconciliation import remind_signers
from core.store.unit_of_work import UnitOfWork
from tests.support.books import ANA, DANA, FARAH, FINANCE, KIM, records
from tests.support.invoices import (
    AFTER,
    CALL_NANOS,
    CHANNEL,
    OCTOBER,
    TEAM,
    a_line,
    an_invoice,
    compares,
    delivered,
    october,
    takes,
    with_october,
)

OWNER = Actor(ANA)


async def compared(uow: UnitOfWork, **order: Any) -> Compared:
    await with_october(uow, **order)
    await takes(uow)
    return await compares(uow)


async def signs(uow: UnitOfWork, shown: Compared, by: Actor, *, team: tuple[str, ...] = TEAM) -> Signed:
    return await sign(uow, shown.kept.id, shown.kept.digest[:12], by=by, finance_team=team, now=AFTER)


async def told(uow: UnitOfWork) -> list[tuple[str, str, str]]:
    """(kind, recipient, place) of everything in the outbox, in order, but for the welcome of whoever got a role."""
    async with uow.read() as tx:
        rows = await tx.connection.execute(
            text("SELECT kind, recipient, place FROM outbox WHERE kind <> 'welcome' ORDER BY id")
        )
        return [tuple(row) for row in rows]


async def test_the_parts_of_the_gap_add_up_to_it(uow: UnitOfWork) -> None:
    found = (await compared(uow)).kept

    assert (found.estimate_nanos, found.invoice_nanos) == (10 * CALL_NANOS, 10 * CALL_NANOS + 10_000_000)
    parts = sum(cause["nanos"] for cause in found.result["causes"]) + found.unexplained_nanos
    assert parts == found.invoice_nanos - found.estimate_nanos
    for side_by_side in ("models", "days"):
        assert sum(ours for _, ours, _ in found.result[side_by_side]) == found.estimate_nanos
        assert sum(theirs for _, _, theirs in found.result[side_by_side]) == found.invoice_nanos


async def test_what_is_stored_is_what_the_digest_says(uow: UnitOfWork) -> None:
    found = (await compared(uow)).kept

    async with uow.read() as tx:
        kept = await tx.reconciliations.of(found.id)
    assert kept is not None
    assert digest_of(kept.result) == kept.digest == found.digest


async def test_without_an_invoice_there_is_nothing_to_compare(uow: UnitOfWork) -> None:
    with pytest.raises(UnknownName, match="no invoice of openai for October 2026"):
        await compares(uow)


async def test_the_same_numbers_again_keep_their_signatures(uow: UnitOfWork) -> None:
    first = await compared(uow)
    await signs(uow, first, OWNER)
    again = await compares(uow)

    assert again.is_known
    assert again.kept.id == first.kept.id
    assert [one.person for one in again.signing.signed] == [ANA]


async def test_owner_and_finance_close_the_month(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    assert not (await signs(uow, shown, OWNER)).is_closed
    last = await signs(uow, shown, FINANCE)

    assert last.is_closed
    async with uow.read() as tx:
        kept = await tx.reconciliations.current("openai", OCTOBER)
    assert kept is not None
    assert (kept.state, kept.closed_at) == ("signed", AFTER)


async def test_two_who_sign_at_once_both_count_and_it_closes_once(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    both = await asyncio.gather(signs(uow, shown, OWNER), signs(uow, shown, FINANCE))

    assert sorted(one.is_closed for one in both) == [False, True]
    async with uow.read() as tx:
        closed = await tx.connection.execute(text("SELECT count(*) FROM audit_log WHERE act = 'closed month'"))
        assert closed.scalar_one() == 1
        assert {one.person for one in await tx.signatures.of(shown.kept.id)} == {ANA, FARAH}


async def test_a_double_click_signs_once(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await asyncio.gather(signs(uow, shown, OWNER), signs(uow, shown, OWNER))

    async with uow.read() as tx:
        assert [one.person for one in await tx.signatures.of(shown.kept.id)] == [ANA]


async def test_one_person_in_both_roles_closes_alone_where_the_envelope_names_them_so(uow: UnitOfWork) -> None:
    shown = await compared(uow, owner=FARAH, finance=FARAH)
    done = await signs(uow, shown, FINANCE)

    assert done.roles == {Role.OWNER, Role.FINANCE}
    assert done.is_closed


async def test_one_person_in_both_roles_signs_as_owner_only_where_the_envelope_names_another(uow: UnitOfWork) -> None:
    shown = await compared(uow, owner=FARAH, finance=DANA)
    done = await signs(uow, shown, FINANCE)

    assert done.roles == {Role.OWNER}
    assert not done.is_closed
    assert (await signs(uow, shown, Actor(DANA))).is_closed


async def test_a_stranger_cannot_sign(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    with pytest.raises(NotAllowed):
        await signs(uow, shown, Actor(KIM))


async def test_usage_that_came_between_reading_and_signing_stops_the_signature(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await records(uow, october(1), now=AFTER)

    with pytest.raises(NumbersMoved, match="look at the new numbers first"):
        await signs(uow, shown, OWNER)


async def test_an_invoice_restated_between_reading_and_signing_stops_the_signature(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await takes(uow, an_invoice(a_line(29_000_000)), delivered("restated"))

    with pytest.raises(NumbersMoved):
        await signs(uow, shown, OWNER)


async def test_new_numbers_void_the_signatures_and_tell_who_gave_them(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await signs(uow, shown, OWNER)
    await takes(uow, an_invoice(a_line(29_000_000)), delivered("restated"))
    newer = await compares(uow)

    assert newer.kept.id != shown.kept.id
    assert newer.signing.signed == ()
    assert ("signature_void", ANA, "post") in await told(uow)
    async with uow.read() as tx:
        assert [one.void_because for one in await tx.signatures.of(shown.kept.id)] == ["the numbers have changed since"]
    with pytest.raises(Outdated, match="newer ones"):
        await signs(uow, shown, FINANCE)


async def test_numbers_that_change_before_anything_is_sent_make_no_second_message(uow: UnitOfWork) -> None:
    await compared(uow)
    await takes(uow, an_invoice(a_line(29_000_000)), delivered("restated"))
    await compares(uow)

    posts = [recipient for kind, recipient, place in await told(uow) if (kind, place) == ("reconciliation", "post")]
    assert sorted(posts) == sorted([CHANNEL, ANA])


async def test_a_button_that_names_other_numbers_signs_nothing(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    for forged in ("", "0" * 12, shown.kept.digest[:4]):
        with pytest.raises(Outdated):
            await sign(uow, shown.kept.id, forged, by=OWNER, finance_team=TEAM, now=AFTER)


async def test_numbers_changed_in_the_database_cannot_be_signed(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    async with uow.write() as tx:
        await tx.connection.execute(text("UPDATE reconciliations SET result = replace(result, 'gpt-4.1', 'gpt-4.2')"))

    with pytest.raises(Outdated, match="somebody changed the database"):
        await signs(uow, shown, OWNER)


async def test_a_refusal_keeps_the_month_open_until_its_author_signs(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    no = await refuse(
        uow, shown.kept.id, shown.kept.digest[:12], "batch is missing", by=OWNER, finance_team=TEAM, now=AFTER
    )
    assert [one.refused_because for one in no.signing.refused] == ["batch is missing"]
    assert not (await signs(uow, shown, FINANCE)).is_closed

    assert (await signs(uow, shown, OWNER)).is_closed


async def test_nobody_signs_what_is_closed(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await signs(uow, shown, OWNER)
    await signs(uow, shown, FINANCE)

    with pytest.raises(AlreadyDecided, match="is closed"):
        await signs(uow, shown, OWNER)


async def test_a_closed_month_is_opened_again_by_finance_only(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await signs(uow, shown, OWNER)
    await signs(uow, shown, FINANCE)
    await takes(uow, an_invoice(a_line(29_000_000)), delivered("restated"), by=OWNER)

    with pytest.raises(NotAllowed, match="Only the finance team"):
        await compares(uow, by=OWNER)
    assert (await compares(uow)).kept.state == "open"


async def test_the_comparison_goes_to_the_channel_and_to_who_signs_with_its_record_in_the_thread(
    uow: UnitOfWork,
) -> None:
    await compared(uow)

    assert await told(uow) == [
        ("reconciliation", CHANNEL, "post"),
        ("reconciliation", ANA, "post"),
        ("reconciliation_record", CHANNEL, "thread"),
    ]


async def test_whoever_has_not_signed_is_reminded_until_it_is_closed(uow: UnitOfWork) -> None:
    shown = await compared(uow)
    await signs(uow, shown, FINANCE)
    counts = []
    for days in (0, 1, 1, 2, 3, 7, 14, 15):
        await remind_signers(uow, finance_team=TEAM, now=AFTER + timedelta(days=days))
        counts.append([kind for kind, person, _ in await told(uow) if person == ANA].count("reconciliation_reminder"))
    assert counts == [0, 1, 1, 1, 2, 3, 4, 4]

    await signs(uow, shown, OWNER)
    assert await remind_signers(uow, finance_team=TEAM, now=AFTER + timedelta(days=30)) == 0
