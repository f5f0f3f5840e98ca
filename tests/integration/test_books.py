"""The books as a whole: opened once in one zone, compared with themselves, and an audit that shows tampering."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from core.errors import BadToken, MissingScope, NameTaken, OutOfRange, SettingsProblem, UnknownName
from core.services.keep_books import check_books, rebuild_books
from core.services.manage_tokens import create_token, import_source, list_tokens, revoke_token, source_for
from core.services.read_audit import trail
from core.store.unit_of_work import UnitOfWork
from tests.support.books import FARAH, KIM, NOON, an_event, an_order, books_in, records, sets
from tests.support.tables import number_of, projections

TAMPERED = {
    "an amount": "UPDATE audit_log SET detail = replace(detail, '4000000000000', '9000000000000') WHERE seq = 2",
    "who did it": "UPDATE audit_log SET actor = 'U0KIM' WHERE seq = 2",
    "when": "UPDATE audit_log SET at = at + 1 WHERE seq = 2",
    "what was done": "UPDATE audit_log SET act = 'nothing' WHERE seq = 2",
    "to what": "UPDATE audit_log SET subject = 'other' WHERE seq = 2",
    "the digest": "UPDATE audit_log SET digest = 'x' WHERE seq = 2",
    "an entry that is gone": "DELETE FROM audit_log WHERE seq = 2",
}


async def run(uow: UnitOfWork, statement: str) -> None:
    async with uow.write() as tx:
        await tx.connection.execute(text(statement))


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
async def test_an_audit_entry_that_was_changed_in_the_database_is_found(uow: UnitOfWork, change: str) -> None:
    await sets(uow, an_order(dollars=4000))
    await sets(uow, an_order(dollars=3000))
    assert (await trail(uow, None)).broken_at is None

    await run(uow, change)

    assert (await trail(uow, None)).broken_at == 2


async def test_entries_that_many_write_at_once_form_one_chain(database_url: str) -> None:
    async with books_in(database_url) as uow, books_in(database_url) as elsewhere:
        await asyncio.gather(
            *(sets(books, an_order(f"w{number}")) for number, books in enumerate([uow, elsewhere] * 6))
        )

        audit = await trail(uow, None, limit=100)

    assert audit.broken_at is None
    assert sorted(line.seq for line in audit.lines) == list(range(1, 25))


async def test_the_audit_of_one_workload_names_only_its_changes(uow: UnitOfWork) -> None:
    await sets(uow, an_order("search"))
    await sets(uow, an_order("chat"))

    shown = await trail(uow, "chat", limit=1)

    assert (shown.total, [line.subject for line in shown.lines]) == (2, ["chat"])
    with pytest.raises(UnknownName):
        await trail(uow, "nothing-like-it")


@pytest.mark.parametrize("table", ["hourly_spend", "daily_spend", "usage_events"])
async def test_sums_that_do_not_fit_the_events_are_found_and_mended(uow: UnitOfWork, table: str) -> None:
    await records(uow, [an_event() for _ in range(3)])
    await run(uow, f"UPDATE {table} SET cost_nanos = cost_nanos + 1")

    assert not (await check_books(uow)).holds
    assert (await rebuild_books(uow, by="test", now=NOON)).holds


async def test_books_are_not_opened_in_another_zone_until_they_are_rebuilt(database_url: str) -> None:
    async with books_in(database_url, "UTC") as uow:
        await records(uow, [an_event()])
        before = await projections(uow)

    with pytest.raises(SettingsProblem, match="outlay rebuild"):
        async with books_in(database_url, "Pacific/Kiritimati"):
            pass

    async with books_in(database_url, "UTC") as uow:
        assert await projections(uow) == before


async def test_unattributed_spend_has_an_owner_from_the_first_start_on(uow: UnitOfWork) -> None:
    assert (
        await number_of(uow, f"SELECT count(*) FROM workloads WHERE name = 'unattributed' AND owner = '{FARAH}'") == 1
    )


async def test_what_a_failed_or_a_reading_transaction_wrote_is_gone(uow: UnitOfWork) -> None:
    with pytest.raises(RuntimeError):
        async with uow.write() as tx:
            await tx.workloads.add("half-done", KIM, at=NOON)
            raise RuntimeError

    async with uow.read() as tx:
        await tx.workloads.add("only-read", KIM, at=NOON)
    assert await number_of(uow, "SELECT count(*) FROM workloads") == 1


async def test_a_token_lets_in_until_it_is_revoked_and_only_where_it_may(uow: UnitOfWork) -> None:
    token = await create_token(uow, "gateway", frozenset({"usage"}), by=FARAH, now=NOON)
    assert (await source_for(uow, token, "usage", now=NOON)).name == "gateway"
    with pytest.raises(MissingScope, match="read"):
        await source_for(uow, token, "read", now=NOON)

    await revoke_token(uow, "gateway", by=FARAH, now=NOON)

    with pytest.raises(BadToken, match="revoked"):
        await source_for(uow, token, "usage", now=NOON)
    assert [line.act for line in (await trail(uow, None)).lines] == ["revoked token", "created token"]
    assert [source.name for source in await list_tokens(uow)] == ["gateway"]


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", {"usage"}, None), ("a b", {"usage"}, None), ("<!here>", {"usage"}, None), ("x" * 61, {"usage"}, None),
     ("ok", set(), None), ("ok", {"admin"}, None), ("ok", {"usage"}, 0), ("ok", {"usage"}, 4000)],
)  # fmt: skip
async def test_a_token_that_makes_no_sense_is_not_made(
    uow: UnitOfWork, name: str, scopes: set[str], days: int | None
) -> None:
    with pytest.raises(OutOfRange):
        await create_token(uow, name, frozenset(scopes), by=FARAH, now=NOON, days=days)


async def test_a_name_is_a_token_or_an_import_and_not_both(uow: UnitOfWork) -> None:
    await create_token(uow, "gateway", frozenset({"usage"}), by=FARAH, now=NOON)
    await import_source(uow, "files", now=NOON)

    with pytest.raises(NameTaken):
        await import_source(uow, "gateway", now=NOON)
    for taken in ("gateway", "files"):
        with pytest.raises(NameTaken):
            await create_token(uow, taken, frozenset({"usage"}), by=FARAH, now=NOON)
    with pytest.raises(UnknownName):
        await revoke_token(uow, "files", by=FARAH, now=NOON)
