"""Read what is unattributed: whose it is, how it has been going, and which workloads would take most of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from core.attribution import Attribution
from core.period import Cycle
from core.services.rule_book import RuleBook, rule_book
from core.store.unit_of_work import Transaction, UnitOfWork
from core.tag_review import review
from core.unattributed import WEEKS, Bucket, Misspelt, Sum, candidates, weeks_of
from core.usage import DIMENSIONS
from core.workload import UNATTRIBUTED_ID


async def unattributed(uow: UnitOfWork, *, now: datetime) -> Bucket:
    """The bucket in the current cycle, with a trend over eight weeks."""
    cycle, today = Cycle.of(now, uow.zone), now.astimezone(uow.zone).date()
    async with uow.read() as tx:
        book = await rule_book(tx)
        rows = await tx.spend.by_series(cycle.first_on, cycle.last_on)
        days = await _days(tx, today)
    sums = [Sum(book.labels[series], nanos, requests) for _, series, nanos, requests in rows]
    bucket = [one for one, row in zip(sums, rows, strict=True) if row[0] == UNATTRIBUTED_ID]
    spelt, left = _misspelt(book, sums, bucket)
    return Bucket(
        owner=book.workload(UNATTRIBUTED_ID).owner,
        title=cycle.title,
        nanos=sum(one.nanos for one in bucket),
        requests=sum(one.requests for one in bucket),
        total_nanos=sum(one.nanos for one in sums),
        weeks=weeks_of(days, today=today),
        candidates=candidates(left, of=bucket, rules=[rule for known in book.workloads for rule in known.rules]),
        misspelt=spelt,
    )


def _misspelt(book: RuleBook, sums: Sequence[Sum], bucket: Sequence[Sum]) -> tuple[tuple[Misspelt, ...], list[Sum]]:
    """What of the bucket would find a workload if look-alikes were merged, per tag; and the rest, labels as aliases have them."""
    attribution = book.attribution
    left = [Sum(attribution.as_kept(one.labels), one.nanos, one.requests) for one in bucket]
    found = []
    for dimension in DIMENSIONS:
        merges = review(dimension, ((one.labels, one.nanos, one.requests) for one in sums), book.aliases).merges
        if not merges:
            continue
        aliases = book.aliases
        for merge in merges:
            for other in merge.others:
                aliases = aliases.with_pair(dimension, other.value, merge.kept.value)
        merged = Attribution(book.workloads, aliases)
        at_home: list[Sum] = []
        homeless: list[Sum] = []
        for one in left:
            finds = attribution.workload_for(one.labels) == UNATTRIBUTED_ID != merged.workload_for(one.labels)
            (at_home if finds else homeless).append(one)
        if at_home:
            nanos, requests = sum(one.nanos for one in at_home), sum(one.requests for one in at_home)
            found.append(Misspelt(dimension, nanos, requests))
        left = homeless
    return tuple(found), left


async def _days(tx: Transaction, today: date) -> list[tuple[date, int, int]]:
    """(day, unattributed nanos, all nanos) over the weeks of the trend."""
    since = today - timedelta(weeks=WEEKS)
    rows = await tx.spend.by_label("workload", since, today)
    return [(day, nanos if label == str(UNATTRIBUTED_ID) else 0, nanos) for day, label, nanos, _ in rows]
