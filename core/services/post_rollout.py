"""The weekly post of the first 30 days: written once, whoever comes first, and kept current until the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from core.rollout import Post, Rollout, RolloutState, checklist, newly_proven, post_due
from core.rollout_facts import RolloutPost, packed
from core.services.read_rollout import Reading, read
from core.store.outbox import Place
from core.store.unit_of_work import Transaction, UnitOfWork

KIND: Final = "rollout_post"


async def post_rollout(uow: UnitOfWork, *, now: datetime) -> bool:
    """Tick what the books prove by now, and write the post that is due or show the last one anew; whether any was written.

    The rollout is locked while that is decided: replicas, restarts and missed ticks make one post a week.
    """
    async with uow.read() as tx:
        known = await tx.rollouts.latest()
    if known is None or not _has_begun(known, now):
        return False
    reading = await read(uow, now=now)
    async with uow.write() as tx:
        rollout = await tx.rollouts.latest(lock=True)
        if rollout is None or not _has_begun(rollout, now):
            return False
        proven = newly_proven(await tx.rollouts.ticks(rollout.id), reading.findings, now=now)
        for tick in proven:
            await tx.rollouts.tick(rollout.id, tick)
        post = post_due(rollout, now)
        if post is None:
            return bool(proven) and await _show_anew(tx, rollout, reading, now=now)
        state = RolloutState.FINISHED if post.is_final else rollout.state
        posted = replace(rollout, posted=post.number, state=state)
        await tx.rollouts.save(posted)
        # Made from the rollout as it ran until now: a finished one has nothing overdue.
        facts = packed(await _said(tx, rollout, post, reading, now=now))
        subject = subject_of(posted)
        await tx.outbox.add(subject, KIND, rollout.channel, facts=facts, at=now, subject=subject)
    return True


async def refresh_post(uow: UnitOfWork, *, now: datetime) -> None:
    """After a tick by hand: the last post says so too."""
    reading = await read(uow, now=now)
    async with uow.write() as tx:
        rollout = await tx.rollouts.latest(lock=True)
        if rollout is not None and rollout.is_live:
            await _show_anew(tx, rollout, reading, now=now)


def subject_of(rollout: Rollout) -> str:
    """The name that a post and its edits share in the outbox."""
    return f"{KIND}/{rollout.id}/{rollout.posted}"


def _has_begun(rollout: Rollout, now: datetime) -> bool:
    return rollout.state is RolloutState.RUNNING and rollout.day(now.astimezone(rollout.zone).date()) >= 1


async def _show_anew(tx: Transaction, rollout: Rollout, reading: Reading, *, now: datetime) -> bool:
    """Bring the last post up to date; False where none was written yet."""
    if not rollout.posted:
        return False
    facts = packed(await _said(tx, rollout, Post(rollout.posted), reading, now=now))
    subject = subject_of(rollout)
    key = f"{subject}/{int(now.timestamp() * 1_000_000)}"
    await tx.outbox.add(key, KIND, rollout.channel, facts=facts, at=now, subject=subject, place=Place.EDIT)
    return True


async def _said(tx: Transaction, rollout: Rollout, post: Post, reading: Reading, *, now: datetime) -> RolloutPost:
    listed = checklist(rollout, await tx.rollouts.ticks(rollout.id), reading.findings, now=now)
    return RolloutPost(listed, post, reading.worst if post.is_final else None, reading.spent_nanos)
