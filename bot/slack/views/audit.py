"""`/budget audit`: who changed what and when, newest first, and whether the chain of changes is whole."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.readable import share, visible
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import is_channel, is_user, pieces, when
from bot.slack.views.tables import Cell
from bot.slack.views.wording import plural
from core.money import usd
from core.standing import AuditLine, AuditTrail

DETAIL_CHARACTERS = 200
FIRST = ("usd", "nanos", "changes", "rule", "approved_by", "owner", "finance", "sponsor", "deputy", "channel")
LEFT_OUT = ("cycle", "revision")  # the entry's time and number say as much
LABELS = {"usd": "amount", "nanos": "amount", "soft_share": "soft", "hard_share": "hard", "degrade": "past hard"}
SHARES = ("soft_share", "hard_share", "margin", "holdback")


def audit_message(trail: AuditTrail, *, reader: ZoneInfo) -> Message:
    """A table of the newest changes; a broken chain is said first and plainly."""
    chain = _chain(trail)
    if not trail.lines:
        text = "Nothing has been changed yet."
        return blocks.message(
            text,
            blocks.section(f"*{text}* {chain}".strip()),
            blocks.context("Every envelope, rule, price and decision will be listed here. Start with `/budget set`"),
        )
    finding = f"{plural(trail.total, 'change')}, newest first."
    if trail.total > len(trail.lines):
        finding = f"The newest {len(trail.lines):,} of {plural(trail.total, 'change')}."
    shown = trail.lines[: tables.ROWS]
    return blocks.message(
        f"{chain} {finding}" if trail.broken_at is not None else finding,
        blocks.section(f"*{finding}* {chain}"),
        tables.data_table(
            "Who changed what",
            ("No.", "When", "Who", "What", "On", "Detail"),
            [_row(line, reader) for line in shown],
        ),
        blocks.context("Each entry carries the hash of the one before it.", *_narrower(trail)),
    )


def _narrower(trail: AuditTrail) -> list[str]:
    """How to see one workload's changes, where there is more than one to see."""
    subjects = {line.subject for line in trail.lines}
    return ["Narrow it down with `/budget audit WORKLOAD`"] if len(subjects) > 1 else []


def _chain(trail: AuditTrail) -> str:
    if trail.broken_at is not None:
        return (
            f"*The chain is broken at entry {trail.broken_at:,}.* From there on somebody changed the books around "
            "Outlay; compare with a backup before trusting later entries."
        )
    return "The chain is whole: no entry was altered or removed." if trail.total else ""


def _row(line: AuditLine, reader: ZoneInfo) -> list[Cell]:
    return [
        tables.number(line.seq),
        tables.words(when(line.at, reader)),
        tables.people("", line.actor),
        tables.words(line.act),
        tables.words(line.subject),
        tables.rich(_detail(line.detail) or [("–", False)], DETAIL_CHARACTERS),
    ]


def _detail(detail: Mapping[str, object]) -> list[tuple[str, bool]]:
    """The entry's fields as words and mentions; those that are empty, or said by another one, are left out."""
    parts: list[tuple[str, bool]] = []
    for key in sorted(detail, key=lambda key: (FIRST.index(key) if key in FIRST else len(FIRST), key)):
        value = detail[key]
        if value in (None, "", [], {}, 0) or key in LEFT_OUT or (key == "nanos" and "usd" in detail):
            continue
        label = LABELS.get(key) or visible(key).replace("_", " ")
        parts.append((f"{'; ' if parts else ''}{label} ", False))
        parts += _value(key, value)
    return parts


def _value(key: str, value: object) -> list[tuple[str, bool]]:
    if key == "changes" and isinstance(value, list):
        return pieces(", ".join(map(str, value)))
    if isinstance(value, str) and is_user(value):
        return [(f"<@{value}>", True)]
    if isinstance(value, str) and is_channel(value):
        return [(f"<#{value}>", True)]
    if isinstance(value, int) and key == "nanos":
        return [(usd(value), False)]
    if isinstance(value, float) and key in SHARES:
        return [(share(value), False)]
    return [(visible(str(value)), False)]
