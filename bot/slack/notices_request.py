"""The notices about a change that waits for its sponsor. They show the request as it stands when they are sent."""

from __future__ import annotations

from collections.abc import Mapping

from bot.composed import Composed, Composer, NothingToTell
from bot.slack.identity import Readers
from bot.slack.views.blocks import Message
from bot.slack.views.request import decided_message, request_message, requester_message, unreached_message
from bot.slack.views.turned import turned_line
from core.change_request import RequestState
from core.services.decide_requests import RequestStanding, request_standing
from core.store.outbox import Notice
from core.store.unit_of_work import UnitOfWork


def request_composers(uow: UnitOfWork, readers: Readers) -> Mapping[str, Composer]:
    """`request` is the sponsor's message, before and after the decision; the others go to whoever asked."""

    async def standing(notice: Notice) -> RequestStanding:
        known = await request_standing(uow, int(notice.facts["request_id"]))
        if known is None:
            raise NothingToTell("request_gone")
        return known

    async def asked(notice: Notice) -> Composed:
        known = await standing(notice)
        reader = await readers.zone_of(notice.recipient)
        if known.request.state is RequestState.PENDING:
            deciders = known.request.deciders
            turned = turned_line(notice.facts, deciders.sponsor, deciders.deputy, reader=reader, to=notice.recipient)
            return _plain(request_message(known.request, reader=reader, spent_nanos=known.spent_nanos, turned=turned))
        return _plain(decided_message(known.request, known.envelope, reader=reader))

    async def decided(notice: Notice) -> Composed:
        return _plain(requester_message((await standing(notice)).request))

    async def unreached(notice: Notice) -> Composed:
        known = await standing(notice)
        return _plain(unreached_message(known.request, because=str(notice.facts["because"])))

    return {"request": asked, "request_decided": decided, "request_unreached": unreached}


def _plain(message: Message) -> Composed:
    return Composed(lambda _: message)
