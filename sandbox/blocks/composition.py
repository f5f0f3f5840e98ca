"""Composition objects: text, options, confirmation dialogs, and what several elements share."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sandbox.blocks.rules import Anything, Bool, Inspection, ListOf, Need, Num, OneOf, Pattern, Rule, Shape, Str, Typed

DOCS = "https://docs.slack.dev/reference/block-kit"
OBJECTS = f"{DOCS}/composition-objects"


def _text_shapes(high: int, kinds: tuple[str, ...]) -> Typed:
    doc = f"{OBJECTS}/text-object"
    plain = Shape(doc, {"text": Need(Str(high)), "emoji": Bool()})
    marked = Shape(doc, {"text": Need(Str(high)), "verbatim": Bool()})
    return Typed({kind: plain if kind == "plain_text" else marked for kind in kinds})


def plain(high: int) -> Typed:
    """A `plain_text` object of 1 to `high` characters."""
    return _text_shapes(high, ("plain_text",))


def text(high: int) -> Typed:
    """A `plain_text` or `mrkdwn` object of 1 to `high` characters."""
    return _text_shapes(high, ("plain_text", "mrkdwn"))


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:  # A bracket that opens an IPv6 address and does not close it.
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and len(value) <= 3000


URL = Pattern(_is_url, "URL")
DATE = Pattern(lambda value: re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None, "date in YYYY-MM-DD")
TIME = Pattern(lambda value: re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is not None, "time in HH:mm")

CONFIRM = Shape(
    f"{OBJECTS}/confirmation-dialog-object",
    {
        "title": Need(plain(100)),
        "text": Need(text(300)),
        "confirm": Need(plain(30)),
        "deny": Need(plain(30)),
        "style": OneOf(("primary", "danger")),
    },
)

OPTION_DOC = f"{OBJECTS}/option-object"


def option(label: Rule, *, with_url: bool = False) -> Shape:
    """An option; only those of an overflow menu may carry a URL."""
    fields: dict[str, Rule] = {"text": Need(label), "value": Need(Str(150)), "description": text(75)}
    if with_url:
        fields["url"] = URL
    return Shape(OPTION_DOC, fields)


PLAIN_OPTION = option(plain(75))
RICH_OPTION = option(text(75))
LINK_OPTION = option(plain(75), with_url=True)

OPTION_GROUP = Shape(
    f"{OBJECTS}/option-group-object",
    {"label": Need(plain(75)), "options": Need(ListOf(PLAIN_OPTION, 100))},
)

DISPATCH_CONFIG = Shape(
    f"{OBJECTS}/dispatch-action-configuration-object",
    {"trigger_actions_on": ListOf(OneOf(("on_enter_pressed", "on_character_entered")), 2)},
)

CONVERSATION_FILTER = Shape(
    f"{OBJECTS}/conversation-filter-object",
    {
        "include": ListOf(OneOf(("im", "mpim", "private", "public")), 4),
        "exclude_external_shared_channels": Bool(),
        "exclude_bot_users": Bool(),
    },
)


def _known_file(value: dict[str, Any], at: str, run: Inspection) -> None:
    if (value.get("id") is None) == (value.get("url") is None):
        run.add("must provide exactly one of: id, url", at)
    elif value.get("id") and run.has_file is not None and not run.has_file(value["id"]):
        run.add("invalid slack file", at)


SLACK_FILE = Shape(f"{OBJECTS}/slack-file-object", {"id": Str(), "url": URL}, also=_known_file)


def one_picture(value: dict[str, Any], at: str, run: Inspection) -> None:
    """A picture comes from a public address or from an uploaded file. Slack fetches the address itself."""
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        run.add("must provide exactly one of: image_url, slack_file", at)
    elif value.get("image_url") and _is_unreachable(value["image_url"]):
        run.add("downloading image failed", f"{at}/image_url")


def _is_unreachable(url: str) -> bool:
    """Whether an address is one that Slack's servers cannot reach: this machine, or a private network."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


IMAGE_FIELDS: dict[str, Rule] = {
    "image_url": URL,
    "slack_file": SLACK_FILE,
    "alt_text": Need(Str(2000)),
    "image_width": Num(1),
    "image_height": Num(1),
    "image_bytes": Anything(),
}
