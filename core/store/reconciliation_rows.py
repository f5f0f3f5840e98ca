"""What comparisons found, and who signed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.people import Role
from core.period import Cycle
from core.signing import Signature
from core.store.invoice_tables import ReconciliationRow, SignatureRow

_RECONCILIATIONS: Any = ReconciliationRow.__table__  # type: ignore[attr-defined]
_SIGNATURES: Any = SignatureRow.__table__  # type: ignore[attr-defined]
OPEN, SIGNED, SUPERSEDED = "open", "signed", "superseded"


@dataclass(frozen=True, slots=True)
class StoredReconciliation:
    """One comparison, as it was shown. Attributes as in `ReconciliationRow`; `id` 0 before it is kept."""

    provider: str
    month: Cycle
    invoice_id: int
    made_by: str
    made_at: datetime
    digest: str
    result: Mapping[str, Any]
    basis: Mapping[str, int]
    estimate_nanos: int
    invoice_nanos: int
    unexplained_nanos: int
    channel: str | None = None
    state: str = OPEN
    closed_at: datetime | None = None
    id: int = 0

    @property
    def subject(self) -> str:
        """What its messages are about, whichever comparison they show."""
        return f"reconciliation/{self.provider}/{self.month}"


class ReconciliationRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, number: int, *, lock: bool = False) -> StoredReconciliation | None:
        """One comparison; with `lock` nobody signs or replaces it before this transaction ends."""
        query = select(_RECONCILIATIONS).where(_RECONCILIATIONS.c.id == number)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _reconciliation(row) if row else None

    async def current(self, provider: str, month: Cycle, *, lock: bool = False) -> StoredReconciliation | None:
        """The newest comparison of a provider's month, or None."""
        query = select(_RECONCILIATIONS).where(
            _RECONCILIATIONS.c.provider == provider, _RECONCILIATIONS.c.month == str(month),
            _RECONCILIATIONS.c.state != SUPERSEDED,
        )  # fmt: skip
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        return _reconciliation(row) if row else None

    async def standing(self, *, since: Cycle | None = None, state: str | None = None) -> list[StoredReconciliation]:
        """Every comparison that counts, newest month first."""
        query = select(_RECONCILIATIONS).where(_RECONCILIATIONS.c.state != SUPERSEDED)
        if since:
            query = query.where(_RECONCILIATIONS.c.month >= str(since))
        if state:
            query = query.where(_RECONCILIATIONS.c.state == state)
        order = query.order_by(_RECONCILIATIONS.c.month.desc(), _RECONCILIATIONS.c.provider)
        return [_reconciliation(row) for row in await self._connection.execute(order)]

    async def add(self, fresh: StoredReconciliation) -> int:
        result = await self._connection.execute(
            insert(_RECONCILIATIONS).values(
                provider=fresh.provider, month=str(fresh.month), invoice_id=fresh.invoice_id, made_by=fresh.made_by,
                made_at=fresh.made_at, digest=fresh.digest, result=dict(fresh.result), basis=dict(fresh.basis),
                estimate_nanos=fresh.estimate_nanos, invoice_nanos=fresh.invoice_nanos,
                unexplained_nanos=fresh.unexplained_nanos, state=fresh.state, channel=fresh.channel,
            ).returning(_RECONCILIATIONS.c.id)
        )  # fmt: skip
        return int(result.scalar_one())

    async def supersede(self, number: int) -> None:
        await self._change(number, state=SUPERSEDED)

    async def close(self, number: int, *, at: datetime) -> None:
        await self._change(number, state=SIGNED, closed_at=at)

    async def _change(self, number: int, **values: Any) -> None:
        await self._connection.execute(update(_RECONCILIATIONS).where(_RECONCILIATIONS.c.id == number).values(**values))


class SignatureRows:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, reconciliation_id: int) -> tuple[Signature, ...]:
        """Every word on one comparison, oldest first."""
        query = (
            select(_SIGNATURES).where(_SIGNATURES.c.reconciliation_id == reconciliation_id).order_by(_SIGNATURES.c.id)
        )
        return tuple(
            Signature(row.person, Role(row.role), row.digest, row.at, row.refused_because, row.void_because)
            for row in await self._connection.execute(query)
        )

    async def put(self, reconciliation_id: int, given: Signature) -> None:
        """Keep a person's word in a role; a later one takes the place of the earlier. The caller holds the comparison."""
        mine = (
            _SIGNATURES.c.reconciliation_id == reconciliation_id,
            _SIGNATURES.c.person == given.person, _SIGNATURES.c.role == given.role.value,
        )  # fmt: skip
        await self._connection.execute(delete(_SIGNATURES).where(*mine))
        await self._connection.execute(
            insert(_SIGNATURES).values(
                reconciliation_id=reconciliation_id, person=given.person, role=given.role.value, digest=given.digest,
                at=given.at, refused_because=given.refused_because,
            )
        )  # fmt: skip

    async def void(self, reconciliation_id: int, *, because: str) -> None:
        """Signatures of a comparison that was replaced: they stay, and count for nothing."""
        await self._connection.execute(
            update(_SIGNATURES)
            .where(_SIGNATURES.c.reconciliation_id == reconciliation_id, _SIGNATURES.c.void_because.is_(None))
            .values(void_because=because)
        )


def _reconciliation(row: Any) -> StoredReconciliation:
    return StoredReconciliation(
        row.provider, Cycle.read(row.month), row.invoice_id, row.made_by, row.made_at, row.digest, row.result, row.basis,
        row.estimate_nanos, row.invoice_nanos, row.unexplained_nanos, row.channel, row.state, row.closed_at, row.id,
    )  # fmt: skip
