"""Examine Slack for `outlay doctor`: both tokens, scopes, the clock, the people on envelopes and their channels. Posts nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from core import reachability
from core.checkup import Finding, Grade, fine

NEEDED_SCOPES: Final = ("commands", "chat:write", "im:write", "files:write", "files:read", "users:read")
OPTIONAL_SCOPES: Final = ("channels:history", "groups:history", "im:history", "channels:read", "groups:read")
"""As `app.yaml` asks for them."""
MOST_ASKED: Final = 100
"""People and channels looked up, each: as much as Slack allows in a minute or two."""
_SECRET: Final = re.compile(r"[0-9a-f]{32}")
_SLACK: Final = "https://slack.com/api/"
_UNREACHED: Final = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
_TOKEN_MEND: Final = "SLACK_BOT_TOKEN=xoxb-…   (api.slack.com/apps → your app → OAuth & Permissions → Install)"  # noqa: S105 - a hint
_APP_TOKEN_MEND: Final = (
    "SLACK_APP_TOKEN=xapp-…   (your app → Basic Information → App-Level Tokens, with connections:write)"  # noqa: S105 - a hint
)


async def examine_slack(
    bot_token: str | None,
    *,
    app_token: str | None,
    signing_secret: str | None,
    api_url: str,
    people: Mapping[str, Sequence[str]],
    channels: Mapping[str, Sequence[str]],
    now: datetime,
) -> list[Finding]:
    """What is wrong between Outlay and Slack; `people` and `channels` with the workloads that name them."""
    if bot_token is None:
        return [
            Finding(
                "slack token", Grade.BROKEN, "SLACK_BOT_TOKEN is not set.", "Outlay cannot speak in Slack.", _TOKEN_MEND
            )
        ]
    client = AsyncWebClient(
        bot_token, base_url=api_url, timeout=10, retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    )
    try:
        told = await client.auth_test()
    except SlackApiError as refused:
        return [_refused(refused)]
    except _UNREACHED as unreached:
        return [
            Finding(
                "slack",
                Grade.BROKEN,
                f"Slack does not answer at {api_url} ({type(unreached).__name__}).",
                "Nothing is asked or told.",
                f"curl -sS {api_url}api.test   (then look at proxy, DNS and SLACK_API_URL)",
            )
        ]
    found = [_on_token(told)]
    headers = {name.lower(): value for name, value in told.headers.items()}
    granted = [scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",") if scope.strip()]
    found.append(reachability.on_scopes(granted, needed=NEEDED_SCOPES, optional=OPTIONAL_SCOPES))
    if "date" in headers:
        found.append(reachability.on_clock(parsedate_to_datetime(headers["date"]), now))
    found += await _on_way_in(app_token, signing_secret, api_url)
    found += reachability.on_people(await _gone(client, people)) or [
        fine("people", "Everybody on an envelope is active.")
    ]
    if {"channels:read", "groups:read"} & set(granted):
        troubles = await _channel_troubles(client, channels)
        found += reachability.on_channels(troubles, channels) or [
            fine("channels", "Outlay is in every channel it posts to.")
        ]
    return found


def _refused(refused: SlackApiError) -> Finding:
    error = str(refused.response.get("error"))
    return Finding(
        "slack token", Grade.BROKEN, f"Slack refuses SLACK_BOT_TOKEN ({error}).", "Outlay cannot speak in Slack.", _TOKEN_MEND
    )  # fmt: skip


def _on_token(told: Any) -> Finding:
    if not told.get("bot_id"):
        return Finding(
            "slack token", Grade.BROKEN, "SLACK_BOT_TOKEN is not a bot's token.", "Messages would come from a person or not at all.",
            _TOKEN_MEND,
        )  # fmt: skip
    return fine("slack token", f"Outlay is {told.get('user')} in {told.get('team')}.")


async def _on_way_in(app_token: str | None, signing_secret: str | None, api_url: str) -> list[Finding]:
    """Whether clicks and commands can reach Outlay: by Socket Mode, or signed over HTTP."""
    found = []
    if app_token is None and signing_secret is None:
        found.append(
            Finding(
                "way in",
                Grade.BROKEN,
                "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set.",
                "No command and no click can reach Outlay.",
                _APP_TOKEN_MEND,
            )
        )
    if app_token is not None:
        found.append(await _on_app_token(app_token, api_url))
    if signing_secret is not None and api_url == _SLACK and not _SECRET.fullmatch(signing_secret):
        found.append(
            Finding(
                "signing secret",
                Grade.BROKEN,
                "SLACK_SIGNING_SECRET is not 32 hexadecimal digits.",
                "Every command would be refused as forged.",
                "SLACK_SIGNING_SECRET=…   (your app → Basic Information → App Credentials)",
            )
        )
    return found


async def _on_app_token(app_token: str, api_url: str) -> Finding:
    try:
        # It only reserves an address to connect to; nobody connects.
        await AsyncWebClient(base_url=api_url, timeout=10).apps_connections_open(app_token=app_token)
    except SlackApiError as refused:
        error = refused.response.get("error")
        return Finding(
            "app token", Grade.BROKEN, f"Slack refuses SLACK_APP_TOKEN ({error}).", "Commands and clicks do not arrive.", _APP_TOKEN_MEND
        )  # fmt: skip
    except _UNREACHED as unreached:
        return Finding(
            "app token", Grade.WARNING, f"SLACK_APP_TOKEN could not be tried ({type(unreached).__name__}).",
            "Whether commands arrive is unknown.", "outlay doctor   (again, in a minute)",
        )  # fmt: skip
    return fine("app token", "Slack takes the app-level token: Socket Mode works.")


async def _gone(client: AsyncWebClient, people: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Those who are deactivated or unknown to the workspace."""
    gone: dict[str, Sequence[str]] = {}
    for person in sorted(people)[:MOST_ASKED]:
        try:
            told = await client.users_info(user=person)
        except SlackApiError as refused:
            if refused.response.get("error") in ("user_not_found", "user_not_visible"):
                gone[person] = people[person]
            continue
        user: dict[str, Any] = told.get("user") or {}
        if user.get("deleted"):
            gone[person] = people[person]
    return gone


async def _channel_troubles(client: AsyncWebClient, channels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Channels that cannot be posted to, with Slack's word for why."""
    troubles: dict[str, str] = {}
    for channel in sorted(channels)[:MOST_ASKED]:
        try:
            told = await client.conversations_info(channel=channel)
        except SlackApiError as refused:
            error = str(refused.response.get("error"))
            if error != "missing_scope":
                troubles[channel] = error
            continue
        shown: dict[str, Any] = told.get("channel") or {}
        if shown.get("is_archived"):
            troubles[channel] = "is_archived"
        elif not shown.get("is_member"):
            troubles[channel] = "not_in_channel"
    return troubles
