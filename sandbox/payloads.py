"""The bodies of deliveries, field for field as Slack documents them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sandbox.company import APP_ID, BOT_USER, TEAM_DOMAIN, TEAM_ID
from sandbox.modals import shown_view
from sandbox.model import Channel, Json, Message, User, View
from sandbox.webapi.shapes import api_message
from sandbox.workspace import random_id

if TYPE_CHECKING:
    from sandbox.bench import Bench

VERIFICATION = "sandbox-verification-token"  # Deprecated by Slack, still sent.


def slash_command(bench: Bench, *, user: User, channel: Channel, command: str, text: str) -> Json:
    """https://docs.slack.dev/interactivity/implementing-slash-commands"""
    return {
        "token": VERIFICATION,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else "privategroup" if channel.is_private else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": bench.response_url(channel.id, user.id),
        "trigger_id": bench.tickets.new_trigger(user.id, channel.id),
    }


def block_actions_in_message(bench: Bench, *, user: User, message: Message, action: Json, values: Json) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""
    channel = bench.workspace.channels[message.channel]
    is_ephemeral = message.ephemeral_for is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": is_ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body = _interaction(bench, "block_actions", user, channel.id) | {
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "state": {"values": values},
        "response_url": bench.response_url(message.channel, user.id, message.ts, message.thread_ts),
        "actions": [action],
    }
    if not is_ephemeral:
        body["message"] = api_message(message)  # Slack leaves it out for an ephemeral source.
    return body


def block_actions_in_view(bench: Bench, *, user: User, view: View, action: Json) -> Json:
    """The same payload from a modal or a Home tab."""
    return _interaction(bench, "block_actions", user) | {
        "container": {"type": "view", "view_id": view.id},
        "view": shown_view(view),
        "actions": [action],
    }


def block_suggestion(bench: Bench, *, user: User, asked: Json, view: View | None, message: Message | None) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload; it carries no trigger."""
    body = _interaction(bench, "block_suggestion", user) | asked
    del body["trigger_id"]
    if view is not None:
        return body | {"container": {"type": "view", "view_id": view.id}, "view": shown_view(view)}
    assert message is not None
    place = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
    return body | {"container": place, "channel": {"id": message.channel}, "message": api_message(message)}


def view_submission(bench: Bench, *, user: User, view: View) -> Json:
    """https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""
    return _interaction(bench, "view_submission", user) | {"view": shown_view(view), "response_urls": []}


def view_closed(bench: Bench, *, user: User, view: View, is_cleared: bool) -> Json:
    """The same page; a closed view carries no trigger."""
    body = _interaction(bench, "view_closed", user) | {"view": shown_view(view), "is_cleared": is_cleared}
    del body["trigger_id"]
    return body


def event(inner: Json) -> Json:
    """The envelope of the Events API around `inner`, with an `event_id` of its own.

    https://docs.slack.dev/apis/events-api
    """
    return {
        "token": VERIFICATION,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": inner,
        "type": "event_callback",
        "event_id": random_id("Ev", 10),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def _interaction(bench: Bench, kind: str, user: User, channel_id: str | None = None) -> Json:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": VERIFICATION,
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": bench.tickets.new_trigger(user.id, channel_id),
    }
