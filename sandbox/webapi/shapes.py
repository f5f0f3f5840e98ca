"""Users, channels, messages and files as Slack's Web API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.company import APP_ID, BOT_ID, BOT_NAME, BOT_USER, TEAM_ID
from sandbox.model import Channel, File, Json, Message, User
from sandbox.statuses import profile_fields, status_of

CREATED = 1_700_000_000  # When this workspace says its conversations were made.


def api_message(message: Message, *, with_metadata: bool = True) -> Json:
    """https://docs.slack.dev/reference/events/message"""
    shape: Json = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": TEAM_ID,
    }
    if message.bot_id:
        shape |= {"bot_id": message.bot_id, "app_id": APP_ID, "bot_profile": BOT_PROFILE}
    if message.blocks:
        shape["blocks"] = message.blocks
    if message.edited_ts:
        shape["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata and with_metadata:
        shape["metadata"] = message.metadata
    if message.thread_ts:
        shape["thread_ts"] = message.thread_ts
    if message.reply_ts:
        shape |= {
            "reply_count": len(message.reply_ts),
            "reply_users_count": 1,
            "latest_reply": message.reply_ts[-1],
        }
    if message.files:
        shape["files"] = [{"id": one} for one in message.files]
    if message.is_broadcast:
        shape["subtype"] = "thread_broadcast"
    if message.deleted:
        shape |= {"subtype": "tombstone", "hidden": True}
    return shape


BOT_PROFILE: Json = {
    "id": BOT_ID,
    "app_id": APP_ID,
    "user_id": BOT_USER,
    "name": BOT_NAME,
    "team_id": TEAM_ID,
    "deleted": False,
}


def api_user(user: User, at: datetime) -> Json:
    """https://docs.slack.dev/reference/objects/user-object; a deactivated user has no time zone."""
    shape: Json = {
        "id": user.id,
        "team_id": TEAM_ID,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.real_name,
            "title": user.title,
            "team": TEAM_ID,
            **profile_fields(status_of(user, at)),
        },
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": CREATED,
    }
    if not user.deleted:
        local = at.astimezone(ZoneInfo(user.tz))
        offset = local.utcoffset()
        shape |= {
            "tz": user.tz,
            "tz_label": local.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": False,
        }
    return shape


def api_channel(channel: Channel, *, is_member: bool) -> Json:
    """https://docs.slack.dev/reference/objects/conversation-object"""
    if channel.is_im:
        return {
            "id": channel.id,
            "created": CREATED,
            "is_im": True,
            "is_archived": False,
            "is_org_shared": False,
            "user": channel.user,
            "is_open": True,
        }
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "created": CREATED,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_member": is_member,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "num_members": len(channel.members),
    }


def api_file(file: File, base_url: str) -> Json:
    """https://docs.slack.dev/reference/objects/file-object; the addresses need the bot token."""
    address = f"{base_url}/files-pri/{file.id}/{file.name}"
    shape: dict[str, Any] = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2].lower(),
        "user": file.user,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "is_public": bool(file.channels),
        "url_private": address,
        "url_private_download": f"{address}?download=1",
        "permalink": f"{base_url}/_sandbox/files/{file.id}",
        "channels": [one for one in file.channels if one.startswith("C")],
        "groups": [one for one in file.channels if one.startswith("G")],
        "ims": [one for one in file.channels if one.startswith("D")],
    }
    if file.alt_text:
        shape["alt_txt"] = file.alt_text
    return shape
