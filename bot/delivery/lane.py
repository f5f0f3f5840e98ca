"""One conversation's notices, in order and no faster than Slack likes; what goes wrong with them is noted in the outbox."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.composed import Composing, NothingToTell
from bot.delivery.pace import Pace
from bot.delivery.refusals import MOST_TRIES, UNREACHED, Verdict, back_off, code_of, verdict
from bot.delivery.showing import Showing, Told
from bot.slack.reply import UnshowableMessage
from core.services.park_notices import park_notice
from core.store.outbox import LEASE, Notice, Place
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

GROUP_FROM: Final = 3
"""So many groupable messages at once become one. Two are shown whole: they have charts and buttons of their own."""
SEND_SECONDS: Final = 40.0
_TURN_SECONDS: Final = LEASE.total_seconds() - SEND_SECONDS - 5
"""After so long a lane gives back what it has not begun, so that its lease holds for the last send."""
_UNANSWERED: Final = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


class Lane:
    """Works for any number of conversations at once; what it knows of them is in `pace`, `held` and `resting`.

    Attributes:
      held: conversations that Slack asked to be left alone, and until when.
      resting: (subject, recipient) of edits that came too soon after the last, and the seconds until the next may go.
    """

    def __init__(
        self, uow: UnitOfWork, showing: Showing, composing: Composing, clock: Callable[[], datetime],
        finance: Sequence[str], pace: Pace,
    ) -> None:  # fmt: skip
        self._uow = uow
        self._showing = showing
        self._composing = composing
        self._clock = clock
        self._finance = tuple(finance)
        self._pace = pace
        self.held: dict[str, datetime] = {}
        self.resting: dict[tuple[str, str], float] = {}

    async def run(self, notices: Sequence[Notice]) -> int:
        """Show them; how many were. Never raises for one of them: it stays for later, or is parked."""
        began, sent = time.monotonic(), 0
        steps = self._steps(notices)
        while steps:
            if time.monotonic() - began > _TURN_SECONDS:
                await self._give_back(steps)
                break
            step = steps.pop(0)
            if self._has_to_rest(step[0]):
                await self._give_back([step])
                continue
            await asyncio.sleep(self._pace.turn(step[0].recipient))
            done, is_stuck = await self._show(step)
            sent += done
            if is_stuck:
                # What came later must not be read first.
                await self._give_back(steps)
                break
        return sent

    def _steps(self, notices: Sequence[Notice]) -> list[list[Notice]]:
        """Single notices, and the groupable messages together where there are several."""
        several = [one for one in notices if one.place is Place.POST and self._composing.is_groupable(one)]
        if len(several) < GROUP_FROM:
            return [[notice] for notice in notices]
        rest = [[notice] for notice in notices if notice not in several]
        return sorted([several, *rest], key=lambda step: step[0].id)

    def _has_to_rest(self, notice: Notice) -> bool:
        if notice.place is not Place.EDIT or notice.subject is None:
            return False
        message = (notice.subject, notice.recipient)
        if wait := self._pace.breath(message):
            self.resting[message] = time.monotonic() + wait
        return wait > 0

    async def _show(self, step: list[Notice]) -> tuple[int, bool]:
        """(How many were shown, whether the conversation has to wait.)"""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                shown = await (self._showing.several(step) if len(step) > 1 else self._showing.one(step[0]))
        except SlackApiError as refused:
            ruled = verdict(refused, step[0].attempts)
            log.warning("notice_refused", extra={**_fields(step), "error": code_of(refused)})
            return 0, await self._ruled(step, ruled)
        except (UnshowableMessage, NothingToTell) as hopeless:
            return 0, await self._ruled(step, Verdict(park=str(hopeless)))
        except _UNANSWERED as lost:
            log.warning("notice_unanswered", extra={**_fields(step), "error": type(lost).__name__})
            return 0, await self._ruled(step, Verdict(wait=back_off(1)))
        except Exception:
            # Whatever is wrong with this one, those behind it in the queue must not wait for it.
            log.exception("notice_failed", extra=_fields(step))
            failed = (
                Verdict(park="cannot_be_made")
                if step[0].attempts >= MOST_TRIES
                else Verdict(wait=back_off(step[0].attempts))
            )
            await self._ruled(step, failed, is_stuck=False)
            return 0, False
        await self._mark(shown)
        log.info("notice_delivered", extra=_fields(step))
        return len(shown), False

    async def _mark(self, shown: Sequence[Told]) -> None:
        async with self._uow.write() as tx:
            for notice, (channel, ts) in shown:
                await tx.outbox.sent(notice, channel=channel, ts=ts, at=self._clock())

    async def _ruled(self, step: Sequence[Notice], ruled: Verdict, *, is_stuck: bool = True) -> bool:
        """Note what becomes of it; whether the conversation has to wait for it."""
        now = self._clock()
        async with self._uow.write() as tx:
            for notice in step:
                if ruled.park is None:
                    await tx.outbox.retry_at(notice, now + ruled.wait, holds_back=is_stuck)
                else:
                    await park_notice(
                        tx, notice, ruled.park, is_unreached=ruled.park in UNREACHED, finance=self._finance, now=now
                    )
        if ruled.park is not None:
            log.error("notice_parked", extra={**_fields(step), "error": ruled.park})
            return False
        if ruled.is_limit:
            self.held[step[0].recipient] = now + ruled.wait
        return is_stuck

    async def _give_back(self, steps: Sequence[Sequence[Notice]]) -> None:
        if notices := [notice for step in steps for notice in step]:
            async with self._uow.write() as tx:
                await tx.outbox.release(notices)

    def busy(self) -> set[str]:
        """Conversations that Slack asked to be left alone, still."""
        now = self._clock()
        self.held = {recipient: until for recipient, until in self.held.items() if until > now}
        return set(self.held)

    def rests(self) -> tuple[set[tuple[str, str]], float | None]:
        """The messages that must not be edited yet, and the seconds until the first of them may be."""
        now = time.monotonic()
        self.resting = {message: until for message, until in self.resting.items() if until > now}
        return set(self.resting), min(self.resting.values()) - now if self.resting else None


def _fields(step: Sequence[Notice]) -> dict[str, object]:
    first = step[0]
    return {"outbox_id": first.id, "kind": first.kind, "attempts": first.attempts, "notices": len(step)}
