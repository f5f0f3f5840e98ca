"""Sign a comparison or refuse to; the signature that completes it closes the month. Everything is looked at again here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from core.errors import AlreadyDecided, NotAllowed, Outdated
from core.people import Actor, Role
from core.services.build_estimate import basis_of, bounds
from core.services.month_stakes import stakes_of
from core.services.reconcile_month import digest_of
from core.services.tell_reconciliation import tell_signing
from core.signing import Signature, Signers, SigningState, refusal_reason, signers_of, signing_state
from core.store.reconciliation_rows import OPEN, SIGNED, StoredReconciliation
from core.store.unit_of_work import Transaction, UnitOfWork


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of it; `roles` are those in which the person signed or refused."""

    kept: StoredReconciliation
    signers: Signers
    signing: SigningState
    roles: frozenset[Role]

    @property
    def is_closed(self) -> bool:
        return self.signing.is_closed


async def sign(
    uow: UnitOfWork, number: int, shown: str, *, by: Actor, finance_team: tuple[str, ...], now: datetime
) -> Signed:
    """Sign what was shown, in every role that is this person's to sign in. Again changes nothing.

    Args:
      number: of the comparison; `shown` is the beginning of its digest as the button carries it.

    Raises Outdated when the numbers are others by now, NotAllowed, AlreadyDecided once it is closed.
    """
    return await _say(uow, number, shown, by=by, finance_team=finance_team, now=now, refused_because=None)


async def refuse(
    uow: UnitOfWork, number: int, shown: str, reason: str, *, by: Actor, finance_team: tuple[str, ...], now: datetime
) -> Signed:
    """Say no with a reason; it stands until this person signs or the numbers change. Raises as `sign`, and Unreadable."""
    words = refusal_reason(reason)
    return await _say(uow, number, shown, by=by, finance_team=finance_team, now=now, refused_because=words)


async def _say(
    uow: UnitOfWork, number: int, shown: str, *, by: Actor, finance_team: tuple[str, ...], now: datetime,
    refused_because: str | None,
) -> Signed:  # fmt: skip
    async with uow.write() as tx:
        await tx.audit.hold()
        kept = await _still_true(tx, number, shown)
        stakes = await stakes_of(tx, kept.provider, kept.month)
        signers = signers_of(stakes, finance_team=finance_team)
        roles = signers.roles_of(by.id)
        for role in sorted(roles):
            await tx.signatures.put(kept.id, Signature(by.id, role, kept.digest, now, refused_because))
        signing = signing_state(signers, await tx.signatures.of(kept.id), kept.digest)
        await tx.audit.append(
            at=now, actor=by.id, act="refused to sign" if refused_because else "signed reconciliation",
            subject=f"{kept.provider} {kept.month}",
            detail={"digest": kept.digest, "roles": _named(roles), **({"reason": refused_because} if refused_because else {})},
        )  # fmt: skip
        if signing.is_closed:
            await tx.reconciliations.close(kept.id, at=now)
            kept = replace(kept, state=SIGNED, closed_at=now)
            await tx.audit.append(
                at=now, actor=by.id, act="closed month", subject=f"{kept.provider} {kept.month}",
                detail={"digest": kept.digest, "signed_by": [one.person for one in signing.signed]},
            )  # fmt: skip
        await tell_signing(tx, kept, signers, signing, by=by.id, refused_because=refused_because, now=now)
    return Signed(kept, signers, signing, roles)


async def _still_true(tx: Transaction, number: int, shown: str) -> StoredReconciliation:
    """The comparison, locked, if it is what was shown and what the books and the invoice still say."""
    kept = await tx.reconciliations.of(number, lock=True)
    if kept is None:
        raise Outdated("This comparison does not exist any more. Compare again with `/budget reconcile`.")
    if kept.state == SIGNED:
        raise AlreadyDecided(f"{kept.provider} {kept.month.title} is closed; all signatures are there.")
    if kept.state != OPEN or len(shown) < 8 or not kept.digest.startswith(shown):
        raise Outdated("The numbers have changed since this was shown. Look at the newer ones in this thread.")
    if digest_of(kept.result) != kept.digest:
        raise Outdated("What is stored is not what was shown: somebody changed the database. Compare again.")
    invoice = await tx.invoices.current(kept.provider, kept.month)
    shares = await tx.estimates.shares(kept.provider, *bounds(kept.month))
    if invoice is None or invoice.id != kept.invoice_id or basis_of(shares) != dict(kept.basis):
        raise NumbersMoved(
            "The books or the invoice have changed since this was compared. It is compared anew; look at the new numbers first."
        )
    return kept


class NumbersMoved(Outdated):
    """The comparison itself is out of date; it has to be made again before anybody signs."""


async def require_signer(tx: Transaction, kept: StoredReconciliation, by: Actor, finance_team: tuple[str, ...]) -> None:
    """Raises NotAllowed for whoever neither signs this comparison nor is of finance."""
    signers = signers_of(await stakes_of(tx, kept.provider, kept.month), finance_team=finance_team)
    if not by.is_finance and by.id not in (*signers.owners, *signers.finance):
        raise NotAllowed("This is for the owners and the finance partner of what was spent here.")


def _named(roles: Iterable[Role]) -> list[str]:
    return sorted(role.value for role in roles)
