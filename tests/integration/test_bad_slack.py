"""What comes in where Slack should: forged, replayed and broken requests, and buttons that were tampered with."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from slack_sdk.signature import SignatureVerifier

from bot.slack import ids
from core.services.budget_status import detail
from core.services.read_audit import trail
from tests.support.books import NOON
from tests.support.office import Office, open_office, with_envelope

FORM = "application/x-www-form-urlencoded"
COMMAND = urlencode({"command": "/budget", "text": "status", "user_id": "U0ANA", "channel_id": "C0BUDGET"}).encode()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> AsyncIterator[Office]:
    """An office in which Ana's raise waits for Sam; no test here may change that."""
    async with an_office(tmp_path_factory.mktemp("office"), sqlite_template) as opened:
        yield opened


@asynccontextmanager
async def an_office(folder: Path, template: Path) -> AsyncIterator[Office]:
    shutil.copy(template, folder / "outlay.db")
    async with open_office(folder) as opened:
        await with_envelope(opened)
        await opened.ana.types("/budget set search 900")
        await opened.sam.sees("900")
        yield opened


def signed(
    office: Office, body: bytes, *, age_seconds: int = 0, secret: str | None = None, timestamp: str | None = None
) -> dict[str, str]:
    """The headers under which Slack would send this body."""
    at = timestamp or str(int(time.time()) - age_seconds)
    signature = SignatureVerifier(secret or office.box.signing_secret).generate_signature(timestamp=at, body=body)
    assert signature is not None
    return {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature, "Content-Type": FORM}


async def sends(office: Office, body: bytes, headers: dict[str, Any]) -> httpx.Response:
    async with httpx.AsyncClient(base_url=office.service.url, timeout=20) as client:
        return await client.post("/slack/events", content=body, headers=headers)


def forged(office: Office, kind: str) -> tuple[bytes, dict[str, Any]]:
    """A request that Slack never sent, in one of the ways somebody might try."""
    good = signed(office, COMMAND)
    other = {"another secret": {"secret": "not-the-secret"}, "a replay of six minutes ago": {"age_seconds": 360},
             "from six minutes ahead": {"age_seconds": -360}}  # fmt: skip
    if kind in other:
        return COMMAND, signed(office, COMMAND, **other[kind])
    return {
        "no signature": (COMMAND, {"Content-Type": FORM}),
        "an empty signature": (COMMAND, good | {"X-Slack-Signature": ""}),
        "a signature that is not ASCII": (COMMAND, good | {"X-Slack-Signature": b"v0=\xe9"}),
        "another version": (COMMAND, good | {"X-Slack-Signature": good["X-Slack-Signature"].replace("v0", "v1")}),
        "another body": (COMMAND.replace(b"status", b"audit_"), good),
        "another time": (COMMAND, good | {"X-Slack-Request-Timestamp": str(int(time.time()) - 9)}),
        "a time in words": (COMMAND, good | {"X-Slack-Request-Timestamp": "now"}),
        "a time of a thousand digits": (COMMAND, good | {"X-Slack-Request-Timestamp": "9" * 1000}),
        "a payload that is no JSON": (b"payload=%7Bbroken", {"Content-Type": FORM, **good}),
        "bytes that are no text": (b"\xff\xfe\x00", good),
        "a JSON body that is broken": (b'{"type": ', good | {"Content-Type": "application/json"}),
        "an ssl check by anybody": (
            b"ssl_check=1&token=x&command=/budget&text=status&user_id=U0FARAH",
            {"Content-Type": FORM},
        ),
    }[kind]


FORGERIES = [
    "no signature", "an empty signature", "a signature that is not ASCII", "another version", "another secret", "another body",
    "another time", "a time in words", "a time of a thousand digits", "a replay of six minutes ago", "from six minutes ahead",
    "a payload that is no JSON", "bytes that are no text", "a JSON body that is broken", "an ssl check by anybody",
]  # fmt: skip


@pytest.mark.parametrize("kind", FORGERIES)
async def test_what_slack_did_not_sign_is_refused(office: Office, kind: str) -> None:
    body, headers = forged(office, kind)

    answer = await sends(office, body, headers)

    assert answer.status_code == 401
    assert answer.json()["error"] == "This request does not carry Slack's signature, or an old one."


async def test_a_body_without_end_is_not_read_to_its_end(office: Office) -> None:
    body = b"x" * (5 << 20)

    assert (await sends(office, body, signed(office, body))).status_code == 413


async def test_what_slack_signed_is_answered(office: Office) -> None:
    assert (await sends(office, COMMAND, signed(office, COMMAND))).status_code == 200


REQUEST = "1"
"""The number of the raise that waits."""


async def clicks(office: Office, user: str, action_id: str, value: object) -> None:
    """A click as Slack would deliver it, with a value of the sender's choice."""
    action = {"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1"}
    payload = {
        "type": "block_actions", "user": {"id": user, "team_id": "T0DEMO"}, "team": {"id": "T0DEMO"}, "api_app_id": "A0",
        "trigger_id": "1.2.3", "actions": [action], "channel": {"id": "C0BUDGET"},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C0BUDGET", "is_ephemeral": True},
    }  # fmt: skip
    body = urlencode({"payload": json.dumps(payload)}).encode()
    assert (await sends(office, body, signed(office, body))).status_code == 200


async def size_dollars(office: Office) -> int:
    line = (await detail(office.service.uow, "search", now=NOON)).line
    assert line.size_nanos is not None
    return line.size_nanos // 1_000_000_000


@pytest.mark.parametrize("user", ["U0ANA", "U0FARAH", "U0KIM", "U0NOBODY", "", "W" * 500])
async def test_a_forged_click_of_anybody_but_the_sponsor_decides_nothing(office: Office, user: str) -> None:
    await clicks(office, user, ids.APPROVE_REQUEST, REQUEST)
    await asyncio.sleep(0.3)

    assert await size_dollars(office) == 500


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "-1",
        "2",
        "999999999999999999999999",
        "1 OR 1=1",
        "١",
        "1.0",
        "0x1",
        "null",
        "<!channel>",
        "1\x00",
        None,
        ["1"],
    ],
)
async def test_a_button_that_names_no_request_decides_nothing(office: Office, value: object) -> None:
    await clicks(office, "U0SAM", ids.APPROVE_REQUEST, value)
    await asyncio.sleep(0.1)

    assert await size_dollars(office) == 500


async def test_a_double_click_decides_once(tmp_path: Path, sqlite_template: Path) -> None:
    async with an_office(tmp_path, sqlite_template) as office:
        both = (ids.APPROVE_REQUEST, ids.DECLINE_REQUEST)
        await asyncio.gather(*(clicks(office, "U0SAM", action, REQUEST) for action in both * 3))
        await asyncio.sleep(0.5)

        lines = (await trail(office.service.uow, "search")).lines
        decisions = [line for line in lines if line.act == "declined request" or line.detail.get("approved_by")]
        assert len(decisions) == 1


async def test_an_action_that_nobody_knows_is_answered_and_does_nothing(office: Office) -> None:
    body = urlencode(
        {
            "payload": json.dumps(
                {"type": "block_actions", "user": {"id": "U0ANA"}, "actions": [{"action_id": "drop_tables"}]}
            )
        }
    ).encode()

    assert (await sends(office, body, signed(office, body))).status_code in (200, 404)
