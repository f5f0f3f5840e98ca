"""The running HTTP API, with tokens of every kind, for tests that send it things."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from bot.service import Service
from bot.settings import Settings
from core.services.manage_tokens import create_token, revoke_token
from tests.support.books import FARAH, NOON

SIGNING_SECRET = "a-signing-secret-for-tests"


@dataclass
class Api:
    """A bot that listens on a free port; nothing answers as Slack. `accepted` counts what it said it took."""

    service: Service
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    now: datetime = NOON
    accepted: int = 0

    async def sends(
        self, body: Any, *, token: str | None = "usage", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST to /v1/usage: bytes as they are, anything else as JSON. `token` is a name in `tokens`, or sent as it is."""
        given = dict(headers or {})
        if token is not None:
            given.setdefault("Authorization", f"Bearer {self.tokens.get(token, token)}")
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.client.post("/v1/usage", content=content, headers=given)
        if answer.status_code == 202:
            self.accepted += answer.json()["accepted"]
        return answer


def api_settings(database_url: str) -> Settings:
    """Settings of a bot that nothing answers as Slack."""
    return Settings(
        _env_file=None, slack_bot_token=SecretStr("xoxb-nobody"), slack_signing_secret=SecretStr(SIGNING_SECRET),
        slack_api_url="http://127.0.0.1:9/", outlay_database_url=database_url, outlay_port=0, outlay_finance=(FARAH,),
        openai_admin_key=None, anthropic_admin_key=None,
    )  # fmt: skip


@asynccontextmanager
async def running_api(database_url: str, now: datetime = NOON) -> AsyncIterator[Api]:
    """The bot on that database at that time, with good, expired, revoked and scope-less tokens."""
    api: Api
    service = Service(api_settings(database_url), clock=lambda: api.now)
    api = Api(service, httpx.AsyncClient(timeout=60), now=now)
    await service.start()
    api.client.base_url = httpx.URL(service.url)
    try:
        usage = frozenset({"usage"})
        api.tokens["usage"] = await create_token(service.uow, "gateway", usage, by=FARAH, now=now)
        api.tokens["second"] = await create_token(service.uow, "second", usage, by=FARAH, now=now)
        api.tokens["reader"] = await create_token(service.uow, "reader", frozenset({"read"}), by=FARAH, now=now)
        earlier = now - timedelta(days=31)
        api.tokens["expired"] = await create_token(service.uow, "expired", usage, by=FARAH, now=earlier, days=30)
        api.tokens["revoked"] = await create_token(service.uow, "revoked", usage, by=FARAH, now=now)
        await revoke_token(service.uow, "revoked", by=FARAH, now=now)
        yield api
    finally:
        await api.client.aclose()
        await service.stop()
