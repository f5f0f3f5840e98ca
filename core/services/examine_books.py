"""Examine the books for `outlay doctor`: schema, time zone, sources, tokens, prices, outbox. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from core import diagnosis
from core.checkup import Finding
from core.diagnosis import Token
from core.list_prices import newest_price_on
from core.period import Cycle
from core.services.watch_sources import sources_health
from core.store.checkup_rows import CheckupRows
from core.store.meta_rows import ZONE
from core.store.unit_of_work import Transaction, UnitOfWork


@dataclass(slots=True)
class BooksExam:
    """What was found, and whom and what Slack has to be asked about.

    `people` and `channels` say which workloads' envelopes name them.
    """

    findings: list[Finding] = field(default_factory=list)
    people: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    channels: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


async def examine_books(uow: UnitOfWork, *, newest: str, known: Collection[str], now: datetime) -> BooksExam:
    """Look at everything that the database tells. With another schema than this version's only that is told.

    Args:
      newest, known: the newest revision of the schema that this version has, and all of them.

    Raises SQLAlchemyError or OSError when the database does not answer.
    """
    exam = BooksExam()
    async with uow.read() as tx:
        rows = CheckupRows(tx.connection)
        revision = await rows.revision()
        exam.findings.append(diagnosis.on_revision(revision, newest=newest, known=known))
        if revision != newest:
            return exam
        exam.findings.append(diagnosis.on_zone(await tx.meta.get(ZONE), uow.zone.key))
        cycle = Cycle.of(now, uow.zone)
        unpriced = await tx.spend.unpriced_models(cycle.first_on, cycle.last_on)
        capped = await _look_at_envelopes(tx, exam, cycle)
        sources = await tx.sources.all()
        outbox = diagnosis.on_outbox(*await rows.waiting(now), await rows.parked(), now)
    tokens = [
        Token(source.name, source.scopes, source.expires_at)
        for source in sources
        if source.has_token and source.revoked_at is None
    ]
    exam.findings += diagnosis.on_sources(await sources_health(uow, now=now))
    exam.findings += diagnosis.on_tokens(tokens, capped_nanos=capped, now=now)
    exam.findings.append(diagnosis.on_prices(newest_price_on(now.date()), now.date()))
    exam.findings.append(diagnosis.on_unpriced(unpriced))
    exam.findings.append(outbox)
    return exam


async def _look_at_envelopes(tx: Transaction, exam: BooksExam, cycle: Cycle) -> int:
    """Gather people and channels of all envelopes; what they come to this month, in nanos."""
    names = {number: name for name, number in (await tx.workloads.names()).items()}
    capped = 0
    for number, envelope in (await tx.envelopes.all()).items():
        terms = envelope.terms
        for person in {terms.people.owner, terms.people.finance, terms.people.sponsor, terms.people.deputy} - {None}:
            exam.people[str(person)].append(names[number])
        if terms.channel:
            exam.channels[terms.channel].append(names[number])
        capped += envelope.size(cycle)
    return capped
