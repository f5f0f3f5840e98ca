"""Untrusted words, made harmless and readable in Slack's mrkdwn; mentions only for ids that are well formed."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.readable import share, shortened, visible

__all__ = [
    "channel",
    "code",
    "escape",
    "fitted",
    "is_user",
    "name",
    "person",
    "share",
    "shortened",
    "visible",
    "when",
    "with_mentions",
]

_MENTION: Final = re.compile(r"<(?:@[UW][A-Z0-9]{2,20}|#[CG][A-Z0-9]{2,20})>")
_USER: Final = re.compile(r"[UW][A-Z0-9]{2,20}")
_CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,20}")
_OPEN_ENTITY: Final = re.compile(r"(?:<[^<>]*|&[a-z]{0,4})$")


def escape(text: str) -> str:
    """Text for mrkdwn in which nothing is a link, mention or command (Slack treats only `&`, `<` and `>` as such)."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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
    parts, end = [], 0
    for match in _MENTION.finditer(text):
        parts += [_between(text[end : match.start()]), match.group()]
        end = match.end()
    return "".join([*parts, _between(text[end:])])


def _between(text: str) -> str:
    """Escaped, with the spaces at both ends kept: a mention stands next to it."""
    if not (core := text.strip()):
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{escape(core)}{' ' * text[-1].isspace()}"


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
    return f"<#{place}>" if _CHANNEL.fullmatch(place) else name(place)


def is_user(text: str) -> bool:
    return _USER.fullmatch(text) is not None


def when(at: datetime, reader: ZoneInfo) -> str:
    """An aware instant in the reader's zone, with the zone named: `24 Nov 2026, 14:05 CET`."""
    local = at.astimezone(reader)
    zone = local.strftime("%Z")
    return f"{local.day} {local:%b %Y, %H:%M} {zone if zone[:1].isalpha() else f'UTC{zone}'}"
