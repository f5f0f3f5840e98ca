"""`/budget tags`: the values of each tag, which of them are probably one, and what is folded because it is too many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name
from bot.slack.views.tables import Cell
from bot.slack.views.wording import counted, listed, plural
from core.money import usd
from core.tag_review import Alias, TagReview
from core.tags import MANY, MAX_NEW_VALUES, Merge, ValueSum
from core.usage import DIMENSIONS

if TYPE_CHECKING:
    from core.services.keep_tags import MergeOutcome

PROPOSALS: Final = 4
ALIASES: Final = 8
TABLE_CHARACTERS: Final = 6_500
CARRIED: Final = 2_000
"""What a button's value may hold (Slack, 2026-11)."""


def tags_message(tags: Sequence[TagReview]) -> Message:
    """Every tag with its values and coverage, and which of them want a look."""
    if not tags:
        text = "No usage of the last 30 days carries a tag."
        return blocks.message(
            text,
            blocks.section(f"*{text}* Tag requests with feature, team, environment or customer at their source."),
        )
    untidy = [one for one in tags if one.merges or one.many.requests]
    finding = (
        f"{listed([code(one.dimension, 60) for one in untidy], 5)} {'wants' if len(untidy) == 1 else 'want'} a look."
        if untidy
        else f"{plural(len(tags), 'tag')}, and no value looks like another one."
    )
    shown = tags[: tables.ROWS]
    return blocks.message(
        finding,
        blocks.section(f"*{finding}* See one with `/budget tags environment`"),
        *map(_untidy, untidy[:PROPOSALS]),
        tables.data_table(
            "Tags of the last 30 days",
            ("Tag", "Values", "Look alike", "Coverage", "Spent", "Folded requests"),
            [_tag_row(one) for one in shown],
        ),
        blocks.section(f"{plural(len(tags) - len(shown), 'more tag')} not shown.") if len(shown) < len(tags) else None,
        blocks.context("Coverage is the share of all dollars that carry the tag · the last 30 days"),
    )


def _untidy(one: TagReview) -> Block:
    alike = sum(len(merge.others) for merge in one.merges)
    parts = [f"{plural(alike, 'value looks', 'values look')} like another one"] if alike else []
    if one.many.requests:
        parts.append(f"{plural(one.many.requests, 'request')} folded, because it has too many values")
    look = blocks.button("See values", ids.SHOW_TAGS, one.dimension)
    return blocks.section(f"{code(one.dimension, 60)}: {', '.join(parts)}", accessory=look)


def _tag_row(one: TagReview) -> list[Cell]:
    return [
        tables.words(one.dimension),
        tables.number(len(one.values)),
        tables.number(sum(len(merge.others) for merge in one.merges)),
        tables.percent(one.coverage),
        tables.money(one.nanos),
        tables.number(one.many.requests),
    ]


def tag_message(tag: TagReview) -> Message:
    """One tag: what looks alike with a way to merge it, its aliases, and its values."""
    finding = _finding(tag)
    more = len(tag.merges) - PROPOSALS
    return blocks.message(
        finding,
        blocks.header(f"Tag {tag.dimension} · last 30 days"),
        blocks.section("\n".join([finding, *_notes(tag)])),
        *(block for merge in tag.merges[:PROPOSALS] for block in _proposal(merge)),
        blocks.section(f"{plural(more, 'more group')} of look-alikes come once these are settled.")
        if more > 0
        else None,
        *(_alias(tag.dimension, one) for one in tag.aliases[:ALIASES]),
        blocks.section(f"and {plural(len(tag.aliases) - ALIASES, 'more alias', 'more aliases')}")
        if len(tag.aliases) > ALIASES
        else None,
        _values(tag),
        blocks.context(
            f"Merge by hand with {code(f'/budget tags {tag.dimension} SPELLING=VALUE')} · "
            "Short codes, and numbers that differ, are never proposed."
        ),
        blocks.actions(blocks.button("All tags", ids.SHOW_TAGS, "")),
    )


def _finding(tag: TagReview) -> str:
    if not tag.values and not tag.many.requests:
        return f"No usage of the last 30 days carries {code(tag.dimension, 60)}."
    covered = f", {share(tag.coverage)} of all dollars" if tag.coverage is not None else ""
    return f"{plural(len(tag.values), 'value')} of {code(tag.dimension, 60)} with *{usd(tag.nanos)}*{covered}."


def _notes(tag: TagReview) -> list[str]:
    notes = []
    if tag.many.requests:
        notes.append(
            f"*{counted(tag.many.requests, tag.many.nanos)} are folded into {MANY}*: one day of usage may bring {MAX_NEW_VALUES:,} "
            "values that were never seen before. Most likely an id is sent as a tag; leave it out at the source. Totals are whole."
        )
    if tag.merges:
        together = sum(one.nanos for merge in tag.merges for one in merge.others)
        notes.append(
            f"{plural(len(tag.merges), 'group')} of values {'looks' if len(tag.merges) == 1 else 'look'} alike; "
            f"{usd(together)} stands under another spelling."
        )
    return notes


def _proposal(merge: Merge) -> list[Block]:
    others = [f"{code(one.value, 60)} ({_worth(one)})" for one in merge.others]
    text = f"{listed(others, 4)} {'looks' if len(others) == 1 else 'look'} like {code(merge.kept.value, 60)} "
    return [
        blocks.section(f"{text}({_worth(merge.kept)})."),
        merge_buttons(merge.dimension, [one.value for one in merge.others], merge.kept.value),
    ]


def _worth(one: ValueSum) -> str:
    """For inside parentheses."""
    return f"{plural(one.requests, 'request')}, {usd(one.nanos)}" if one.nanos else plural(one.requests, "request")


def merge_buttons(dimension: str, spellings: Sequence[str], value: str) -> Block:
    """Merge from now on, or with the last three months; each asks once more."""
    private = carried_merge(dimension, spellings, value)
    shown = value if len(value) <= 40 else f"{value[:39]}…"
    from_now = blocks.confirmation(
        "Merge from now on?",
        f"New usage with these spellings of {dimension} counts as {shown}.",
        yes="Merge",
        style="primary",
    )
    with_past = blocks.confirmation(
        "Merge and re-label?",
        f"New usage and that of the last 3 months counts as {shown} in every breakdown. Workloads and totals stay as they are.",
        yes="Merge and re-label",
        style="primary",
    )
    return blocks.actions(
        blocks.button(f"Merge into {shown}", ids.MERGE_TAGS, private, asks=from_now),
        blocks.button("Merge and re-label 3 months", ids.MERGE_AND_RELABEL, private, asks=with_past),
    )


def carried_merge(dimension: str, spellings: Sequence[str], value: str) -> str:
    """A merge as a button's value: as many of the spellings as fit, the most used first; the rest is proposed again."""
    fitting = list(spellings)
    while True:
        text = json.dumps([dimension, fitting, value], ensure_ascii=False, separators=(",", ":"))
        if len(text) <= CARRIED or len(fitting) == 1:
            return text
        del fitting[-1]


def _alias(dimension: str, one: Alias) -> Block:
    past = f"; {counted(one.requests, one.nanos)} of the last 30 days still carry it" if one.requests else ""
    private = json.dumps([dimension, one.spelling], ensure_ascii=False, separators=(",", ":"))
    return blocks.section(
        f"{code(one.spelling, 60)} counts as {code(one.value, 60)}{past}.",
        accessory=blocks.button("Take back", ids.DROP_ALIAS, private),
    )


def _values(tag: TagReview) -> Block | None:
    rows = [_value_row(one, one.value, tag) for one in tag.values[: tables.ROWS - 2]]
    left = TABLE_CHARACTERS
    for place, row in enumerate(rows):
        left -= sum(len(cell["text"]) for cell in row)
        if left < 0:
            rows = rows[:place]
            break
    if rest := tag.values[len(rows) :]:
        together = ValueSum("", sum(one.nanos for one in rest), sum(one.requests for one in rest))
        rows.append(_value_row(together, f"{len(rest):,} more", tag))
    if tag.many.requests:
        rows.append(_value_row(tag.many, MANY, tag))
    if not rows:
        return None
    return tables.data_table(f"Values of {tag.dimension[:60]}", ("Value", "Spent", "Share", "Requests"), rows)


def _value_row(one: ValueSum, label: str, tag: TagReview) -> list[Cell]:
    return [
        tables.words(label, 80),
        tables.money(one.nanos),
        tables.percent(one.nanos / tag.nanos if tag.nanos else None),
        tables.number(one.requests),
    ]


def merge_preview_message(dimension: str, spelling: str, value: str, tag: TagReview) -> Message:
    """A merge that somebody typed, with what it concerns, before it happens."""
    worth = next((one for one in tag.values if one.value.casefold() == spelling.casefold()), ValueSum(spelling, 0, 0))
    concerned = (
        f"{counted(worth.requests, worth.nanos)} of the last 30 days carry it."
        if worth.requests
        else "No usage of the last 30 days carries it."
    )
    text = f"Let {code(spelling, 60)} count as {code(value, 60)} in {code(dimension, 60)}? {concerned}"
    return blocks.message(
        text, blocks.section(f"{text} Nothing has changed yet."), merge_buttons(dimension, [spelling], value)
    )


def merged_message(done: MergeOutcome) -> Message:
    spellings = listed([code(one, 60) for one in done.spellings], 5)
    text = f"{spellings} {'counts' if len(done.spellings) == 1 else 'count'} as {code(done.value, 60)} from now on."
    past = (
        f"{counted(done.requests, done.nanos)} of the last {done.months} months were re-labelled; their workloads and all totals "
        "are what they were."
        if done.months
        else "Past usage keeps its label."
    )
    return blocks.message(
        text,
        blocks.section(f"{text} {past}"),
        blocks.context(
            "Rules read both spellings as one, and past usage can follow them now · take it back in the tag's own list"
        ),
        blocks.actions(
            blocks.button("Re-attribute past usage…", ids.PREVIEW_MOVE, _pairs(done)),
            blocks.button(f"Look at {done.dimension[:40]}", ids.SHOW_TAGS, done.dimension),
        ),
    )


def _pairs(done: MergeOutcome) -> str:
    """The merged value as the condition of a rule, as the preview of a re-attribution takes it: for no workload in particular."""
    dimension = done.dimension if done.dimension in DIMENSIONS else f"tag.{done.dimension}"
    return json.dumps(["", {dimension: done.value}], ensure_ascii=False, separators=(",", ":"))


def taken_back_message(dimension: str, spelling: str, value: str) -> Message:
    text = f"{code(spelling, 60)} is a {name(dimension, 60)} of its own again, no longer {code(value, 60)}."
    return blocks.message(
        text,
        blocks.section(f"{text} It works from now on; what was re-labelled stays as it is."),
        blocks.actions(blocks.button(f"Look at {dimension[:40]}", ids.SHOW_TAGS, dimension)),
    )
