"""One transaction at a time: `write()` commits on a clean exit, `read()` always rolls back.

SQLite: WAL, one writer that takes the lock when it begins, readers beside it. PostgreSQL: a pool, READ COMMITTED.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from core.errors import SettingsProblem
from core.store.audit_rows import AuditRows
from core.store.breach_rows import BreachRows
from core.store.brief_connection import BriefConnection
from core.store.bucket_rows import BucketRows, CursorRows
from core.store.claim_rows import ClaimRows
from core.store.closing_rows import ClosingRows
from core.store.decision_rows import DecisionRows
from core.store.driver_rows import DriverRows
from core.store.envelope_rows import EnvelopeRows
from core.store.estimate_rows import EstimateRows
from core.store.event_months import EventMonths
from core.store.export_rows import ExportRows
from core.store.forecast_rows import ForecastRows
from core.store.guard_rows import GuardRows
from core.store.home_rows import HomeRows
from core.store.hour_rows import HourRows
from core.store.invoice_rows import InvoiceRows
from core.store.journal import Journal
from core.store.meta_rows import MetaRows
from core.store.outbox import Outbox
from core.store.plan_rows import PlanRows
from core.store.price_rows import PriceRows
from core.store.proposal_rows import ProposalRows
from core.store.reconciliation_rows import ReconciliationRows, SignatureRows
from core.store.repricing_rows import RepricingRows
from core.store.request_rows import RequestRows
from core.store.response_rows import EscalationRows, GrantRows, PostureRows, TurnRows
from core.store.rollout_evidence_rows import RolloutEvidenceRows
from core.store.rollout_rows import RolloutRows
from core.store.series_rows import SeriesRows
from core.store.slot_rows import SlotRows
from core.store.source_days import SourceDays
from core.store.source_rows import SourceRows
from core.store.spend_rows import SpendRows
from core.store.tag_rows import TagRows
from core.store.workload_rows import WorkloadRows

_BUSY_MS: Final = 15_000


class Transaction:
    """One open transaction and the rows reachable through it."""

    def __init__(self, connection: AsyncConnection, zone: ZoneInfo) -> None:
        self.connection = connection
        self.zone = zone

    @cached_property
    def meta(self) -> MetaRows:
        return MetaRows(self.connection)

    @cached_property
    def sources(self) -> SourceRows:
        return SourceRows(self.connection)

    @cached_property
    def claims(self) -> ClaimRows:
        return ClaimRows(self.connection)

    @cached_property
    def source_days(self) -> SourceDays:
        return SourceDays(self.connection)

    @cached_property
    def buckets(self) -> BucketRows:
        return BucketRows(self.connection)

    @cached_property
    def cursors(self) -> CursorRows:
        return CursorRows(self.connection)

    @cached_property
    def series(self) -> SeriesRows:
        return SeriesRows(self.connection)

    @cached_property
    def prices(self) -> PriceRows:
        return PriceRows(self.connection)

    @cached_property
    def journal(self) -> Journal:
        return Journal(self.connection)

    @cached_property
    def months(self) -> EventMonths:
        return EventMonths(self.connection)

    @cached_property
    def spend(self) -> SpendRows:
        return SpendRows(self.connection)

    @cached_property
    def drivers(self) -> DriverRows:
        return DriverRows(self.connection)

    @cached_property
    def plans(self) -> PlanRows:
        return PlanRows(self.connection)

    @cached_property
    def forecasts(self) -> ForecastRows:
        return ForecastRows(self.connection)

    @cached_property
    def workloads(self) -> WorkloadRows:
        return WorkloadRows(self.connection)

    @cached_property
    def tags(self) -> TagRows:
        return TagRows(self.connection)

    @cached_property
    def envelopes(self) -> EnvelopeRows:
        return EnvelopeRows(self.connection)

    @cached_property
    def hours(self) -> HourRows:
        return HourRows(self.connection)

    @cached_property
    def breaches(self) -> BreachRows:
        return BreachRows(self.connection)

    @cached_property
    def decisions(self) -> DecisionRows:
        return DecisionRows(self.connection)

    @cached_property
    def guard(self) -> GuardRows:
        return GuardRows(self.connection)

    @cached_property
    def requests(self) -> RequestRows:
        return RequestRows(self.connection)

    @cached_property
    def invoices(self) -> InvoiceRows:
        return InvoiceRows(self.connection)

    @cached_property
    def estimates(self) -> EstimateRows:
        return EstimateRows(self.connection)

    @cached_property
    def repricing(self) -> RepricingRows:
        return RepricingRows(self.connection)

    @cached_property
    def reconciliations(self) -> ReconciliationRows:
        return ReconciliationRows(self.connection)

    @cached_property
    def signatures(self) -> SignatureRows:
        return SignatureRows(self.connection)

    @cached_property
    def rollouts(self) -> RolloutRows:
        return RolloutRows(self.connection)

    @cached_property
    def rollout_evidence(self) -> RolloutEvidenceRows:
        return RolloutEvidenceRows(self.connection)

    @cached_property
    def homes(self) -> HomeRows:
        return HomeRows(self.connection)

    @cached_property
    def postures(self) -> PostureRows:
        return PostureRows(self.connection)

    @cached_property
    def grants(self) -> GrantRows:
        return GrantRows(self.connection)

    @cached_property
    def escalations(self) -> EscalationRows:
        return EscalationRows(self.connection)

    @cached_property
    def turns(self) -> TurnRows:
        return TurnRows(self.connection)

    @cached_property
    def closings(self) -> ClosingRows:
        return ClosingRows(self.connection)

    @cached_property
    def exports(self) -> ExportRows:
        return ExportRows(self.connection)

    @cached_property
    def proposals(self) -> ProposalRows:
        return ProposalRows(self.connection)

    @cached_property
    def outbox(self) -> Outbox:
        return Outbox(self.connection)

    @cached_property
    def slots(self) -> SlotRows:
        return SlotRows(self.connection)

    @cached_property
    def audit(self) -> AuditRows:
        return AuditRows(self.connection)


class UnitOfWork:
    """The books of one workspace.

    Attributes:
      zone: the books' time zone: cycles and days are cut in it.
      is_sqlite: one process only; PostgreSQL may be shared by any number.
    """

    def __init__(self, url: str, zone: ZoneInfo) -> None:
        self.url = driver_url(url)
        self.zone = zone
        self.is_sqlite = self.url.startswith("sqlite")
        if self.is_sqlite:
            self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE", pool_size=1)
            self._reader = _sqlite_engine(self.url, "BEGIN", pool_size=4)
        else:
            self._writer = self._reader = create_async_engine(self.url, pool_size=8, max_overflow=8, pool_pre_ping=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Commits on a clean exit, rolls back on any exception."""
        async with self._writer.connect() as connection, connection.begin():
            yield Transaction(connection, self.zone)

    @asynccontextmanager
    async def write_briefly(self) -> AsyncIterator[Transaction]:
        """As `write`, for a few short statements that have to be quick whatever else the machine does.

        On SQLite they run where they are called instead of in the connection's thread, which costs several handovers between
        threads for every statement; only the begin and the commit, which wait for others and for the disk, stay there.
        """
        async with self.write() as tx:
            if not self.is_sqlite:
                yield tx
                return
            raw = (await tx.connection.get_raw_connection()).driver_connection
            assert isinstance(raw, BriefConnection)
            raw.runs_inline = True
            try:
                yield tx
            finally:
                raw.runs_inline = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """A consistent view that changes nothing."""
        async with self._reader.connect() as connection:
            transaction = await connection.begin()
            try:
                yield Transaction(connection, self.zone)
            finally:
                await transaction.rollback()

    def connections(self) -> dict[str, dict[str, int]]:
        """By pool (`shared` on PostgreSQL, `write` and `read` on SQLite): how many connections are in use, and how many idle."""
        engines = {"write": self._writer, "read": self._reader} if self.is_sqlite else {"shared": self._writer}
        pools = {name: cast(QueuePool, engine.pool) for name, engine in engines.items()}
        return {name: {"in_use": pool.checkedout(), "idle": pool.checkedin()} for name, pool in pools.items()}

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def driver_url(url: str) -> str:
    """The URL with the asyncio driver in it. Raises SettingsProblem for another database or an unreadable URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as unreadable:
        raise SettingsProblem(
            "OUTLAY_DATABASE_URL is not a database URL. Use sqlite:///outlay.db or postgresql://user:password@host/name."
        ) from unreadable
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    backend = parsed.drivername.split("+")[0]
    if backend not in drivers:
        raise SettingsProblem(f"OUTLAY_DATABASE_URL names “{backend}”; Outlay keeps its books in SQLite or PostgreSQL.")
    return parsed.set(drivername=drivers[backend]).render_as_string(hide_password=False)


def make_folder(url: str) -> None:
    """Make the folder of a SQLite database where it is missing. Raises SettingsProblem when that is not possible."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return
    if not parsed.database or parsed.database == ":memory:":
        raise SettingsProblem("The SQLite database has to be a file, for example sqlite:///outlay.db.")
    folder = Path(parsed.database).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as impossible:
        raise SettingsProblem(
            f"The folder {folder} for the database cannot be made: {impossible.strerror}. Change OUTLAY_DATABASE_URL."
        ) from impossible


def _sqlite_engine(url: str, begin: str, *, pool_size: int) -> AsyncEngine:
    make_folder(url)
    path = make_url(url).database
    assert path is not None

    async def connect() -> BriefConnection:
        return await BriefConnection.open(path)

    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        async_creator=connect,
        poolclass=AsyncAdaptedQueuePool,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # The driver must not begin by itself: a write that begins as a read can lose its lock halfway.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "wal_autocheckpoint=16000",
            "journal_size_limit=67108864",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
