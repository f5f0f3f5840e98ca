"""`/budget audit`: who changed what and when, newest first, and whether the chain of changes is whole."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import visible, when
from bot.slack.views.tables import Cell
from bot.slack.views.wording import plural
from core.standing import AuditLine, AuditTrail

DETAIL_CHARACTERS = 120


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
            "Changes, newest first",
            ("No.", "When", "Who", "What", "On", "Detail"),
            [_row(line, reader) for line in shown],
        ),
        blocks.context(
            "Narrow it down with `/budget audit WORKLOAD` · each entry carries the hash of the one before it"
        ),
    )


def _chain(trail: AuditTrail) -> str:
    if trail.broken_at is not None:
        return (
            f"*The chain is broken at entry {trail.broken_at:,}.* Somebody changed the books around Outlay from there on; "
            "compare with a backup before trusting later entries."
        )
    return "The chain is whole: no entry was altered or removed." if trail.total else ""


def _row(line: AuditLine, reader: ZoneInfo) -> list[Cell]:
    return [
        tables.number(line.seq),
        tables.words(when(line.at, reader)),
        tables.people("", line.actor),
        tables.words(line.act),
        tables.words(line.subject),
        tables.words(_detail(line.detail) or "–", DETAIL_CHARACTERS),
    ]


def _detail(detail: Mapping[str, object]) -> str:
    return ", ".join(
        f"{visible(str(key)).replace('_', ' ')}: {_value(value)}"
        for key, value in detail.items()
        if value not in (None, "", [], {})
    )


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(_value(one) for one in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={_value(one)}" for key, one in value.items())
    return visible(str(value))
