"""`POST /slack/events`: deliveries of Slack over HTTP, checked before anything of them is read."""

from __future__ import annotations

import time
from typing import Final

from fastapi import APIRouter, Request, Response
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.web.bodies import read_body
from core.errors import BadToken

MAX_BODY: Final = 4 << 20
"""Slack's largest payload, a modal with all of its fields full, stays well below a megabyte."""

_MAX_AGE_SECONDS: Final = 300
"""Slack's own advice against replays (docs.slack.dev, verifying requests from Slack)."""


def slack_router(slack: AsyncApp, signing_secret: str) -> APIRouter:
    """The route. Bolt checks the signature too, but parses the body before it does and fails on headers that are none."""
    router = APIRouter()
    verifier = SignatureVerifier(signing_secret)

    @router.post("/slack/events", include_in_schema=False)
    async def deliver(request: Request) -> Response:
        body = await read_body(request, MAX_BODY)
        if not _is_signed(verifier, request, body):
            raise BadToken("This request does not carry Slack's signature, or an old one.")
        return to_starlette_response(await slack.async_dispatch(to_async_bolt_request(request, body)))

    return router


def _is_signed(verifier: SignatureVerifier, request: Request, body: bytes) -> bool:
    sent_at = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not (sent_at.isascii() and sent_at.isdecimal() and len(sent_at) <= 12 and signature.isascii()):
        return False
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return abs(time.time() - int(sent_at)) <= _MAX_AGE_SECONDS and verifier.is_valid(text, sent_at, signature)
