"""Read what is unattributed: whose it is, how it has been going, and which workloads would take most of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from core.period import Cycle
from core.services.rule_book import rule_book
from core.store.unit_of_work import Transaction, UnitOfWork
from core.unattributed import WEEKS, Bucket, Sum, candidates, weeks_of
from core.workload import UNATTRIBUTED_ID


async def unattributed(uow: UnitOfWork, *, now: datetime) -> Bucket:
    """The bucket in the current cycle, with a trend over eight weeks."""
    cycle, today = Cycle.of(now, uow.zone), now.astimezone(uow.zone).date()
    async with uow.read() as tx:
        book = await rule_book(tx)
        rows = await tx.spend.by_series(cycle.first_on, cycle.last_on)
        days = await _days(tx, today)
    attribution = book.attribution
    sums = [Sum(attribution.as_kept(book.labels[series]), nanos, requests) for number, series, nanos, requests in rows
            if number == UNATTRIBUTED_ID]  # fmt: skip
    return Bucket(
        owner=book.workload(UNATTRIBUTED_ID).owner,
        title=cycle.title,
        nanos=sum(one.nanos for one in sums),
        requests=sum(one.requests for one in sums),
        total_nanos=sum(row[2] for row in rows),
        weeks=weeks_of(days, today=today),
        candidates=candidates(sums, rules=[rule for known in book.workloads for rule in known.rules]),
    )


async def _days(tx: Transaction, today: date) -> list[tuple[date, int, int]]:
    """(day, unattributed nanos, all nanos) over the weeks of the trend."""
    since = today - timedelta(weeks=WEEKS)
    rows = await tx.spend.by_label("workload", since, today)
    return [(day, nanos if label == str(UNATTRIBUTED_ID) else 0, nanos) for day, label, nanos, _ in rows]
