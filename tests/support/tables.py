"""Reading whole tables, to compare what two ways of keeping the books left behind."""

from __future__ import annotations

from sqlalchemy import text

from core.store.unit_of_work import UnitOfWork


async def rows_of(uow: UnitOfWork, table: str) -> list[tuple[object, ...]]:
    """Every row of a table, sorted."""
    async with uow.read() as tx:
        return sorted(tuple(row) for row in await tx.connection.execute(text(f"SELECT * FROM {table}")))


async def projections(uow: UnitOfWork) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return await rows_of(uow, "hourly_spend"), await rows_of(uow, "daily_spend")


async def number_of(uow: UnitOfWork, query: str) -> int:
    async with uow.read() as tx:
        return int((await tx.connection.execute(text(query))).scalar_one())
