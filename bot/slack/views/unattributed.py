"""`/budget unattributed`: the bucket with its owner, its trend and the workloads that would empty most of it."""

from __future__ import annotations

from collections.abc import Callable

from bot.readable import share
from bot.slack import ids
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, name, person
from bot.slack.views.trend import fitting, trend_lines
from bot.slack.views.wording import counted, plural
from core.money import usd
from core.unattributed import Bucket, Candidate, Misspelt
from core.workload import quoted

Carry = Callable[[str, dict[str, str]], str]
"""(workload, pairs) → what its button carries."""


def unattributed_message(bucket: Bucket, *, carry: Carry) -> Message:
    """Whose it is, how it went over the weeks, and up to three workloads to make of it, each with a preview."""
    if not bucket.requests:
        text = f"Nothing is unattributed in {bucket.title}: every request counts to a workload."
        return blocks.message(
            text,
            blocks.section(f"*{text}*"),
            _trend(bucket),
            blocks.actions(blocks.button("All workloads", ids.SHOW_WORKLOADS, "")),
        )
    finding = _finding(bucket)
    return blocks.message(
        finding,
        blocks.header(f"Unattributed · {bucket.title}"),
        blocks.section(finding),
        *(_spelling(one, bucket) for one in bucket.misspelt),
        blocks.section(_proposal(bucket)),
        *(_candidate(one, carry) for one in bucket.candidates),
        _trend(bucket),
        blocks.context(
            "Each preview shows what would be caught before anything is added. Candidates are counted one after the other, "
            "so that their shares add up.",
            "By hand: `/budget workload add NAME feature=…` · more on one label: `/budget tags feature`",
        ),
        blocks.actions(
            blocks.button("All workloads", ids.SHOW_WORKLOADS, ""),
            blocks.button("Spend by workload", ids.SHOW_SPEND, "workload"),
        ),
    )


def _finding(bucket: Bucket) -> str:
    owner = f"{person(bucket.owner)} owns it." if bucket.owner else "Nobody owns it yet."
    if not bucket.nanos:
        return f"{plural(bucket.requests, 'request')} without a cost are unattributed in {bucket.title}. {owner}"
    return f"*{usd(bucket.nanos)}* ({share(bucket.share)} of {bucket.title}) is unattributed. {owner}"


def _spelling(one: Misspelt, bucket: Bucket) -> Block:
    """Needs no rule: only its spelling keeps it from the workload that it belongs to."""
    part = f"{share(one.nanos / bucket.nanos)} of it is" if bucket.nanos else "Some of it is"
    return blocks.section(
        f"{part} only spelt otherwise in {code(one.dimension, 60)}, {counted(one.requests, one.nanos)}: "
        "merge the spellings, then re-attribute.",
        accessory=blocks.button("See spellings", ids.SHOW_TAGS, one.dimension),
    )


def _proposal(bucket: Bucket) -> str:
    if not bucket.candidates and bucket.misspelt:
        return "Beyond that no label stands out."
    if not bucket.candidates:
        return "No label stands out: the requests carry none, or many small ones. Tag them at their source."
    together = sum(one.share for one in bucket.candidates)
    rules = "One rule" if len(bucket.candidates) == 1 else f"{len(bucket.candidates)} rules"
    return f"{rules} would take {share(min(1.0, together))} of it:"


def _candidate(one: Candidate, carry: Carry) -> Block:
    rule = f"{one.dimension}={quoted(one.value)}"
    return blocks.section(
        f"{share(one.share)} of it is {code(rule, 120)}, {counted(one.requests, one.nanos)}. "
        f"Make it the workload *{name(one.name)}*?",
        accessory=blocks.button("Preview", ids.PREVIEW_RULE, carry(one.name, {one.dimension: one.value})),
    )


def _trend(bucket: Bucket) -> Block | None:
    shares = [(week.starts_on, week.share) for week in bucket.weeks]
    if not any(part for _, part in shares):
        return None
    whole = fitting([part for _, part in shares])
    scale = f" (a full bar is {share(whole)})" if whole < 1 else ""
    return blocks.section(f"*Unattributed share by week*{scale}\n" + "\n".join(trend_lines(shares, whole=whole)))
