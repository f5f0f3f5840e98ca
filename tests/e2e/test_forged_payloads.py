"""Forged and replayed payloads: whatever a signed delivery claims, the books decide who may do what."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterable
from typing import Any

import aiohttp

from bot.slack import ids
from core.envelope import Envelope
from core.escalation import Escalation
from core.period import Cycle
from core.services.manage_tokens import create_token
from sandbox.company import APP_ID, TEAM_ID
from tests.support.office import ANA, NOW, SAM, Office, with_search

NOVEMBER = Cycle(2026, 11)
DECIDING = (ids.OPEN_GRANT, ids.KEEP_DEGRADED, ids.STOP_WORKLOAD, ids.DECLINE_MORE)
OTHERS = ("U0ANA", "U0FARAH", "U0KIM", "U0GONE")
"""Owner, finance partner and team, a stranger, and somebody whom Slack does not know any more."""


async def delivered(office: Office, payload: dict[str, Any], *, secret: str | None = None) -> int:
    """Sent as Slack would send it, and worked on; the HTTP status."""
    body = aiohttp.FormData({"payload": json.dumps(payload)})().decode().encode()
    at = str(int(time.time()))
    mac = hmac.new((secret or office.box.signing_secret).encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded", "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={mac.hexdigest()}",
    }  # fmt: skip
    before = asyncio.all_tasks()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{office.service.url}/slack/events", data=body, headers=headers) as answer,
    ):
        # Slack is answered first and the work comes after: without waiting for it nothing would ever have been changed yet.
        if working := {one for one in asyncio.all_tasks() - before if "ListenerRunner" in repr(one.get_coro())}:
            await asyncio.wait(working, timeout=10)
        return answer.status


def a_click(user: str, action: str, value: str) -> dict[str, Any]:
    return {
        "type": "block_actions", "team": {"id": TEAM_ID}, "user": {"id": user, "team_id": TEAM_ID}, "api_app_id": APP_ID,
        "container": {"type": "message", "message_ts": "1.000001", "channel_id": "C0BUDGET"}, "channel": {"id": "C0BUDGET"},
        "trigger_id": "1.2.3", "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value}],
    }  # fmt: skip


def a_submission(user: str, callback: str, private: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    state = {block: {"value": {"type": "plain_text_input", "value": value}} for block, value in values.items()}
    view = {
        "id": "V1", "type": "modal", "callback_id": callback, "private_metadata": json.dumps(private), "team_id": TEAM_ID,
        "state": {"values": state}, "blocks": [], "hash": "1", "title": {"type": "plain_text", "text": "x"},
    }  # fmt: skip
    return {
        "type": "view_submission", "team": {"id": TEAM_ID}, "user": {"id": user, "team_id": TEAM_ID}, "api_app_id": APP_ID,
        "trigger_id": "1.2.3", "view": view, "response_urls": [],
    }  # fmt: skip


def a_grant(user: str, escalation: Any) -> dict[str, Any]:
    typed = {"more_amount": "10", "more_reason": "launch week"}
    return a_submission(user, ids.GRANT_MODAL, {"escalation": escalation}, typed)


async def breached(office: Office, workload: str = "search", sponsor: str = SAM) -> Escalation:
    """An envelope that is over, with the question to its sponsor."""
    if workload == "search":
        await with_search(office)
    else:
        await office.farah.types(f"/budget workload add {workload} feature={workload}")
        await office.farah.clicks("Add and re-attribute this cycle")
    await office.farah.types(f"/budget set {workload} 100 owner={ANA} sponsor={sponsor} holdback=10%")
    await office.service.alerts.look()
    async with office.service.uow.read() as tx:
        return next(one for one in await tx.escalations.waiting() if one.workload == workload)


async def books(office: Office) -> tuple[list[Escalation], dict[str, int], Any]:
    """What a forgery must not change: open questions, sizes, postures."""
    async with office.service.uow.read() as tx:
        sizes = {one.workload: one.size(NOVEMBER) for one in _all(await tx.envelopes.all())}
        return await tx.escalations.waiting(), sizes, await tx.postures.all(NOVEMBER)


def _all(envelopes: dict[int, Envelope]) -> Iterable[Envelope]:
    return envelopes.values()


async def test_no_button_of_a_decision_works_for_anybody_else(office: Office):
    escalation = await breached(office)
    before = await books(office)
    for user in OTHERS:
        for action in DECIDING:
            assert await delivered(office, a_click(user, action, str(escalation.id))) == 200
        await delivered(office, a_grant(user, escalation.id))
    assert await books(office) == before


async def test_undo_and_degrade_again_ask_the_books_too(office: Office):
    await breached(office)
    before = await books(office)
    for user in ("U0ANA", "U0KIM", "U0GONE"):
        await delivered(office, a_click(user, ids.LIFT, "search"))
        await delivered(office, a_click(user, ids.DEGRADE_AGAIN, "search"))
    assert await books(office) == before


async def test_the_sponsor_of_one_envelope_decides_nothing_of_another(office: Office):
    await breached(office)
    other = await breached(office, "support", sponsor="<@U0DANA|dana>")
    before = await books(office)
    for action in DECIDING:
        await delivered(office, a_click("U0SAM", action, str(other.id)))
    await delivered(office, a_grant("U0SAM", other.id))
    await delivered(office, a_click("U0SAM", ids.LIFT, "support"))
    assert await books(office) == before


async def test_a_value_that_names_nothing_changes_nothing(office: Office):
    await breached(office)
    before = await books(office)
    for value in ("", "0", "-1", "999999", "1 OR 1=1", "٣", "1" * 40, "search"):
        for action in (*DECIDING, ids.LIFT, ids.DEGRADE_AGAIN, ids.APPROVE_REQUEST, ids.DECLINE_REQUEST):
            if (action, value) != (ids.LIFT, "search"):
                assert await delivered(office, a_click("U0SAM", action, value)) == 200
        assert await delivered(office, a_grant("U0SAM", value)) == 200
        assert await books(office) == before, value
    for odd in (None, True, [1], {"id": 1}):
        assert await delivered(office, a_grant("U0SAM", odd)) == 200
        assert await books(office) == before, odd


async def test_a_replayed_form_grants_once(office: Office):
    escalation = await breached(office)
    for _ in range(3):
        assert await delivered(office, a_grant("U0SAM", escalation.id)) == 200
    async with office.service.uow.read() as tx:
        assert len(await tx.grants.standing()) == 1


async def test_a_form_that_somebody_else_sends_draws_and_asks_for_nothing(office: Office):
    await breached(office)
    before = await books(office)
    typed = {"more_amount": "10", "more_reason": "launch week"}
    for user in ("U0SAM", "U0FARAH", "U0KIM", "U0GONE"):
        for form in (ids.REQUEST_MODAL, ids.HOLDBACK_MODAL):
            await delivered(office, a_submission(user, form, {"workload": "search"}, typed))
    assert await books(office) == before


async def test_what_is_not_signed_by_slack_is_not_even_read(office: Office):
    escalation = await breached(office)
    before = await books(office)
    assert await delivered(office, a_click("U0SAM", ids.STOP_WORKLOAD, str(escalation.id)), secret="guessed") == 401
    assert await books(office) == before


CHANGING = {
    "request search 10 launch week": {"ana"},
    "holdback search launch week": {"ana"},
    "set search 90": {"ana", "farah"},
    "plan search volume=+20% from=2026-11-25": {"ana", "farah"},
    "price gpt-4.1 input=1 output=2": {"farah"},
}
"""Lines that change something, with who may."""


async def test_every_command_that_changes_something_is_refused_to_the_others(office: Office):
    await breached(office)
    for line, allowed in CHANGING.items():
        # Those who may come last: whether somebody is refused must not hang on what was changed already.
        for person in sorted(("ana", "sam", "farah", "kim"), key=lambda name: name in allowed):
            said = (await getattr(office, person).types(f"/budget {line}")).text
            is_refused = any(words in said for words in ("Only the", "belongs to", "You own"))
            assert is_refused is (person not in allowed), f"{line}, {person}: {said}"


OTHER_DOORS = (
    ("usage", "GET", "/v1/envelopes"),
    ("usage", "POST", "/v1/guard/authorize"),
    ("read", "POST", "/v1/usage"),
    ("read", "POST", "/v1/guard/lease"),
    ("guard", "GET", "/v1/envelopes"),
    ("guard", "POST", "/v1/traces"),
)
"""What a token of each scope must not open."""


async def test_a_token_opens_only_what_its_scope_says(office: Office):
    tokens = {
        scope: await create_token(office.service.uow, f"only-{scope}", frozenset({scope}), by="U0FARAH", now=NOW)
        for scope in ("usage", "read", "guard")
    }
    async with aiohttp.ClientSession() as session:
        for scope, method, path in OTHER_DOORS:
            for header, expected in (({}, 401), ({"Authorization": f"Bearer {tokens[scope]}"}, 403)):
                async with session.request(method, f"{office.service.url}{path}", json={}, headers=header) as answer:
                    assert answer.status == expected, (scope, path)
