"""Delivers the outbox: facts become Slack messages, at least once through any crash, once where history can be read.

A notice is claimed, sent, then marked. When an answer is lost nobody knows whether the message was posted; before it is
sent again, its id is looked for in the recent history (the message's metadata carries it; needs the optional history scopes).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.notices import Composer
from bot.slack.identity import Readers
from bot.slack.reply import UNSHOWABLE, UnshowableMessage, send_with_picture
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import is_user
from bot.slack.views.request import decided_message, request_message, requester_message, unreached_message
from core.change_request import RequestState
from core.services.decide_requests import request_standing
from core.store.outbox import Notice
from core.store.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

EVENT_TYPE: Final = "outlay_notice"
_BATCH: Final = 10
_LOOK_BACK: Final = 50
_LATER: Final = timedelta(seconds=15)
_SHUT_OUT: Final = frozenset(
    {"account_inactive", "invalid_auth", "missing_scope", "not_authed", "token_expired", "token_revoked"}
)
"""Slack's refusals that a new installation mends: the notice waits for the start that comes with it."""
_UNREACHED: Final = frozenset(
    {
        "channel_not_found", "cannot_dm_bot", "is_archived", "not_in_channel", "user_disabled", "user_not_found",
        "users_not_found", "user_not_visible",
    }
)  # fmt: skip
"""Slack's refusals that another try does not mend; the notice waits, visibly, for a person."""

_LONGEST_WAIT: Final = timedelta(minutes=10)
_UNANSWERED: Final = (aiohttp.ClientError, asyncio.TimeoutError, OSError)


class _Gone(Exception):
    """A notice is about something that is not in the books any more."""


class Delivery:
    """The outbox of one process. Any number of processes may deliver at once: a claim holds for one of them."""

    def __init__(
        self,
        uow: UnitOfWork,
        client: AsyncWebClient,
        readers: Readers,
        clock: Callable[[], datetime],
        *,
        composers: Mapping[str, Composer] | None = None,
    ) -> None:
        """`composers` make the messages of notices that are not about a request, by kind."""
        self._uow = uow
        self._client = client
        self._readers = readers
        self._clock = clock
        self._composers = composers or {}
        self._woken = asyncio.Event()
        self._delivering = asyncio.Lock()

    def wake(self) -> None:
        """Something lies in the outbox; does not block."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver whenever woken, until cancelled; the scheduler's tick sees to what had to wait."""
        await self._take_up()
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self.deliver_due()
            except SQLAlchemyError:
                log.exception("outbox_unreadable")

    async def _take_up(self) -> None:
        """What an old token kept from being sent is due again: a start may have come with a new one."""
        try:
            async with self._uow.write() as tx:
                await tx.outbox.unpark(_SHUT_OUT, due_at=self._clock())
        except SQLAlchemyError:
            log.exception("outbox_unreadable")

    async def deliver_due(self) -> int:
        """Send everything that is due; how many were sent. Never raises for a single notice: it stays for later."""
        sent = 0
        async with self._delivering:
            while True:
                async with self._uow.write() as tx:
                    claimed = await tx.outbox.claim(now=self._clock(), limit=_BATCH)
                if not claimed:
                    return sent
                for notice in claimed:
                    sent += await self._deliver(notice)

    async def _deliver(self, notice: Notice) -> bool:
        fields = {"outbox_id": notice.id, "kind": notice.kind, "attempts": notice.attempts}
        try:
            place = await self._send(notice)
        except SlackApiError as refused:
            await self._refused(notice, refused)
            return False
        except UnshowableMessage as refused_blocks:
            await self._park(notice, str(refused_blocks))
            return False
        except _UNANSWERED as lost:
            log.warning("notice_unanswered", extra={**fields, "error": type(lost).__name__})
            await self._retry(notice, _LATER)
            return False
        except _Gone:
            await self._park(notice, "request_gone")
            return False
        except Exception:
            # Whatever is wrong with this one, those behind it in the queue must not wait for it.
            log.exception("notice_failed", extra=fields)
            await self._retry(notice, min(_LATER * notice.attempts, _LONGEST_WAIT))
            return False
        async with self._uow.write() as tx:
            await tx.outbox.sent(notice, channel=place[0], ts=place[1], at=self._clock())
        log.info("notice_delivered", extra=fields)
        return True

    async def _send(self, notice: Notice) -> tuple[str, str]:
        """Post the notice; (channel, ts) of the message."""
        if composer := self._composers.get(notice.kind):
            return await self._post_composed(notice, composer)
        known = await request_standing(self._uow, int(notice.facts["request_id"]))
        if known is None:
            raise _Gone(f"notice {notice.id} is about a request that is not in the books")
        request, envelope, copies = known.request, known.envelope, known.copies
        reader = await self._readers.zone_of(notice.recipient)
        if notice.kind == "request_unreached":
            return await self._post(notice, unreached_message(request, because=str(notice.facts["because"])))
        if notice.kind == "request":
            pending = request.state is RequestState.PENDING
            message = (
                request_message(request, reader=reader, spent_nanos=known.spent_nanos)
                if pending
                else decided_message(request, envelope, reader=reader)
            )
            return await self._post(notice, message)
        zone = await self._readers.zone_of(request.deciders.sponsor)
        for channel, ts in copies:
            await self._replace(channel, ts, decided_message(request, envelope, reader=zone))
        if notice.kind == "request_closed":
            return copies[0] if copies else ("", "")
        return await self._post(notice, requester_message(request))

    async def _replace(self, channel: str, ts: str, message: Message) -> None:
        """Show the decision on one copy. A copy that cannot be changed any more must not keep the requester waiting."""
        try:
            await self._client.chat_update(channel=channel, ts=ts, **message)
        except SlackApiError as refused:
            if refused.response.status_code == 429 or refused.response.status_code >= 500:
                raise
            log.warning("copy_not_updated", extra={"channel": channel, "ts": ts, "error": _error_of(refused)})

    async def _post_composed(self, notice: Notice, composer: Composer) -> tuple[str, str]:
        """Post what a composer makes; without its picture where Slack cannot show that."""
        channel = await self._channel_of(notice.recipient)
        if notice.attempts > 1 and (ts := await self._posted_before(channel, notice.id)):
            return channel, ts
        composed = await composer(notice)
        places: list[tuple[str, str]] = []

        async def post(message: Message) -> None:
            try:
                places.append(await self._post_to(channel, notice, message))
            except SlackApiError as refused:
                if _error_of(refused) in UNSHOWABLE:
                    raise UnshowableMessage(_error_of(refused)) from refused
                raise

        await send_with_picture(post, composed.compose, composed.file)
        return places[-1]

    async def _post(self, notice: Notice, message: Message) -> tuple[str, str]:
        channel = await self._channel_of(notice.recipient)
        if notice.attempts > 1 and (ts := await self._posted_before(channel, notice.id)):
            return channel, ts
        return await self._post_to(channel, notice, message)

    async def _channel_of(self, recipient: str) -> str:
        """A person's direct messages, or the channel itself."""
        if not is_user(recipient):
            return recipient
        opened = await self._client.conversations_open(users=recipient)
        return str(opened["channel"]["id"])

    async def _post_to(self, channel: str, notice: Notice, message: Message) -> tuple[str, str]:
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"outbox_id": notice.id}}
        answer = await self._client.chat_postMessage(channel=channel, metadata=metadata, unfurl_links=False, **message)
        return channel, str(answer["ts"])

    async def _posted_before(self, channel: str, notice_id: int) -> str | None:
        """The time stamp of this notice's message if an earlier try posted it after all; None when it cannot be told."""
        try:
            history = await self._client.conversations_history(
                channel=channel, limit=_LOOK_BACK, include_all_metadata=True
            )
        except SlackApiError as refused:
            log.info("history_unreadable", extra={"outbox_id": notice_id, "error": _error_of(refused)})
            return None
        messages: list[dict[str, Any]] = history.get("messages", [])
        for posted in messages:
            metadata = posted.get("metadata") or {}
            if (
                metadata.get("event_type") == EVENT_TYPE
                and metadata.get("event_payload", {}).get("outbox_id") == notice_id
            ):
                return str(posted["ts"])
        return None

    async def _refused(self, notice: Notice, refused: SlackApiError) -> None:
        error = _error_of(refused)
        if error in _SHUT_OUT | _UNREACHED:
            await self._park(notice, error)
            return
        seconds = refused.response.headers.get("Retry-After", "")
        log.warning("notice_refused", extra={"outbox_id": notice.id, "error": error})
        await self._retry(notice, timedelta(seconds=max(1, int(seconds))) if seconds.isdecimal() else _LATER)

    async def _park(self, notice: Notice, because: str) -> None:
        log.error("notice_parked", extra={"outbox_id": notice.id, "kind": notice.kind, "error": because})
        async with self._uow.write() as tx:
            await tx.outbox.park(notice.id, because)
            asked = await tx.requests.of(int(notice.facts["request_id"])) if notice.kind == "request" else None
            if asked is not None and because in _UNREACHED:
                # Whoever asked was told that the sponsor has it; without this they would wait for nothing.
                await tx.outbox.add(
                    f"request/{asked.id}/unreached", "request_unreached", asked.requested_by,
                    facts={"request_id": asked.id, "because": because}, at=self._clock(),
                )  # fmt: skip

    async def _retry(self, notice: Notice, wait: timedelta) -> None:
        async with self._uow.write() as tx:
            await tx.outbox.retry_at(notice, self._clock() + wait)


def _error_of(refused: SlackApiError) -> str:
    """Slack's name for the refusal, or the HTTP status where it gave none."""
    answer = refused.response.data
    return str((answer.get("error") if isinstance(answer, dict) else None) or refused.response.status_code)
