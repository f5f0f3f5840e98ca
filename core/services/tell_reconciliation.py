"""What is told about a comparison: one message that changes with it, its thread as the record, and word to those who sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from core.services.month_stakes import stakes_of
from core.signing import Signature, Signers, SigningState, reminder_due, signers_of, signing_state
from core.store.columns import micros
from core.store.outbox import Place
from core.store.reconciliation_rows import OPEN, StoredReconciliation
from core.store.unit_of_work import Transaction, UnitOfWork

SUMMARY: Final = "reconciliation"
"""The message itself, in the channel and with those who sign."""
RECORD: Final = "reconciliation_record"
"""Table and file of one comparison, in the thread."""
NOTE: Final = "reconciliation_note"
"""Who signed or refused, in the thread."""
VOIDED: Final = "signature_void"
REMINDER: Final = "reconciliation_reminder"


async def tell(
    tx: Transaction, kept: StoredReconciliation, signers: Signers, signing: SigningState, *,
    before: StoredReconciliation | None, voided: tuple[str, ...], shown_at: tuple[str, str] | None, now: datetime,
) -> None:  # fmt: skip
    """Put the comparison where it belongs: over the one before, or as a new message to the channel and who signs.

    Args:
      shown_at: (channel, ts) of the message in that channel that showed the progress: the first comparison takes it over.
    """
    facts = summary_facts(kept, signers, signing)
    if before is None and shown_at and kept.channel:
        await tx.outbox.adopt(
            f"{kept.subject}/head", SUMMARY, kept.channel,
            subject=kept.subject, channel=shown_at[0], ts=shown_at[1], at=now,
        )  # fmt: skip
    there = await _told(tx, kept.subject)
    for recipient in _recipients(kept, signing):
        place = Place.EDIT if recipient in there or (before and recipient == kept.channel) else Place.POST
        await tx.outbox.add(
            f"{kept.subject}/{kept.id}/{recipient}", SUMMARY, recipient,
            facts=facts, at=now, subject=kept.subject, place=place,
        )  # fmt: skip
    if kept.channel:
        await tx.outbox.add(
            f"{kept.subject}/{kept.id}/record", RECORD, kept.channel,
            facts={"id": kept.id, "result": dict(kept.result)}, at=now, subject=kept.subject, place=Place.THREAD,
        )  # fmt: skip
    for person in voided:
        await tx.outbox.add(
            f"{kept.subject}/{kept.id}/void/{person}", VOIDED, person,
            facts={"id": kept.id, "provider": kept.provider, "month": str(kept.month), "channel": kept.channel}, at=now,
        )  # fmt: skip


async def tell_signing(
    tx: Transaction, kept: StoredReconciliation, signers: Signers, signing: SigningState, *, by: str,
    refused_because: str | None, now: datetime,
) -> None:  # fmt: skip
    """Show the signature on every copy, and note it in the thread."""
    facts = summary_facts(kept, signers, signing)
    mark = f"{by}/{micros(now)}"
    shown = await _told(tx, kept.subject)
    for recipient in sorted(shown | {*_recipients(kept, signing)[:1]}):
        await tx.outbox.add(
            f"{kept.subject}/{kept.id}/{recipient}/{mark}", SUMMARY, recipient,
            facts=facts, at=now, subject=kept.subject, place=Place.EDIT,
        )  # fmt: skip
    if kept.channel:
        roles = [one.role.value for one in (*signing.signed, *signing.refused) if one.person == by]
        note = {
            "by": by,
            "roles": roles,
            "refused": refused_because,
            "is_closed": signing.is_closed,
            "at": now.isoformat(),
        }
        await tx.outbox.add(
            f"{kept.subject}/{kept.id}/note/{mark}", NOTE, kept.channel,
            facts=note | {"provider": kept.provider, "month": str(kept.month)}, at=now, subject=kept.subject,
            place=Place.THREAD,
        )  # fmt: skip


async def _told(tx: Transaction, subject: str) -> set[str]:
    """Who has a message about it or is about to get one: newer facts go into that, never beside it."""
    delivered = {recipient for recipient, _, _ in await tx.outbox.copies_of(subject)}
    return delivered | set(await tx.outbox.posted(subject))


async def remind_signers(uow: UnitOfWork, *, finance_team: tuple[str, ...], now: datetime) -> int:
    """Put a reminder to everybody who has not signed into the outbox, a day after the comparison, then less and less often.

    How many reminders are due now; the same again adds nothing.
    """
    due = 0
    async with uow.write() as tx:
        for kept in await tx.reconciliations.standing(state=OPEN):
            number = reminder_due(kept.made_at, now)
            if number is None:
                continue
            signers = signers_of(await stakes_of(tx, kept.provider, kept.month), finance_team=finance_team)
            signing = signing_state(signers, await tx.signatures.of(kept.id), kept.digest)
            facts = summary_facts(kept, signers, signing)
            for person in signing.waits_for:
                due += 1
                await tx.outbox.add(
                    f"{kept.subject}/{kept.id}/remind/{person}/{number}", REMINDER, person, facts=facts, at=now
                )
    return due


def summary_facts(kept: StoredReconciliation, signers: Signers, signing: SigningState) -> dict[str, Any]:
    """The comparison and how far its signing has come, in plain values."""
    return {
        "id": kept.id, "digest": kept.digest, "made_by": kept.made_by, "made_at": kept.made_at.isoformat(),
        "closed_at": kept.closed_at.isoformat() if kept.closed_at else None, "result": dict(kept.result),
        "signing": {
            "signed": [_word(one) for one in signing.signed], "refused": [_word(one) for one in signing.refused],
            "missing_owners": list(signing.missing_owners), "missing_finance": list(signing.missing_finance),
            "left_out": signers.left_out,
        },
    }  # fmt: skip


def _word(one: Signature) -> Mapping[str, Any]:
    return {"person": one.person, "role": one.role.value, "at": one.at.isoformat(), "refused": one.refused_because}


def _recipients(kept: StoredReconciliation, signing: SigningState) -> list[str]:
    """The channel, then who signs: owners, and one of finance. Whoever compared sees it in the channel."""
    people = [*signing.missing_owners, *signing.missing_finance[:1]]
    told = [person for person in dict.fromkeys(people) if person != kept.made_by or not kept.channel]
    return [*([kept.channel] if kept.channel else []), *told] or [kept.made_by]
