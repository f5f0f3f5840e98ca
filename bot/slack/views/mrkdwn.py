"""Untrusted words, made harmless and readable in Slack's mrkdwn; mentions only for ids that are well formed."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.readable import shortened, visible

_MENTION: Final = re.compile(r"(<(?:@[UW][A-Z0-9]{2,20}|#[CG][A-Z0-9]{2,20})>)")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,20}")
_OPEN_ENTITY: Final = re.compile(r"(?:<[^<>]*|&[a-z]{0,4})$")


def escape(text: str) -> str:
    """Text for mrkdwn in which nothing is a link, mention or command (Slack treats only `&`, `<` and `>` as such)."""
    return _escape_visible(visible(text))


def _escape_visible(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def name(text: str, limit: int = 80) -> str:
    """A name that somebody typed, for use inside a mrkdwn sentence: cut first, then escaped.

    Right-to-left names are isolated, so that they do not reorder the amounts that follow them.
    """
    escaped = escape(shortened(text, limit))
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return f"\u2068{escaped}\u2069"
    return escaped


def code(text: str, limit: int = 120) -> str:
    """The text as inline code; a backtick in it would end the code early and is shown as an apostrophe."""
    return f"`{escape(shortened(text, limit).replace('`', 'ʼ'))}`"


def with_mentions(text: str) -> str:
    """Text of our own that may hold `<@U…>` or `<#C…>`: those stay, everything else is escaped."""
    return "".join(part if is_mention else _escape_visible(part) for part, is_mention in pieces(text))


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text in order: well-formed mentions (True), and the words between them, made visible (False)."""
    found = []
    for place, part in enumerate(_MENTION.split(text)):
        if place % 2:
            found.append((part, True))
        elif part:
            core = f"{part[:1].isspace() * ' '}{visible(part)}{part[-1:].isspace() * ' '}" if part.strip() else " "
            found.append((core, False))
    return found


def fitted(mrkdwn: str, limit: int) -> str:
    """Escaped mrkdwn cut to `limit` characters with an ellipsis; never inside a mention or an escape."""
    if len(mrkdwn) <= limit:
        return mrkdwn
    return f"{_OPEN_ENTITY.sub('', mrkdwn[: limit - 1]).rstrip()}…"


def person(user: str | None) -> str:
    """A mention of a Slack user id; anything else is shown as the words it is, and `nobody` for none."""
    if user is None:
        return "nobody"
    return f"<@{user}>" if is_user(user) else name(user)


def channel(place: str | None) -> str:
    """A link to a Slack channel id; anything else is shown as the words it is, and `no channel` for none."""
    if place is None:
        return "no channel"
    return f"<#{place}>" if is_channel(place) else name(place)


def is_user(text: str) -> bool:
    return _USER.fullmatch(text) is not None


def is_channel(text: str) -> bool:
    return _CHANNEL.fullmatch(text) is not None


def when(at: datetime, reader: ZoneInfo) -> str:
    """An aware instant in the reader's zone, with the zone named: `24 Nov 2026, 14:05 CET`."""
    local = at.astimezone(reader)
    zone = local.strftime("%Z")
    return f"{local.day} {local:%b %Y, %H:%M} {zone if zone[:1].isalpha() else f'UTC{zone}'}"
