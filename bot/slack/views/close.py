"""The close's message of the first days, for finance partners and owners, and the call to talk about a proposal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.readable import share
from bot.slack import ids
from bot.slack.command_words import COMMAND
from bot.slack.views import blocks
from bot.slack.views.blocks import Block, Message
from bot.slack.views.mrkdwn import code, escape, name, person, when
from bot.slack.views.wording import listed, plural
from core.money import usd
from core.period import Cycle
from core.proposal import ProposalState

_PROVIDERS: Final = {"openai": "OpenAI", "anthropic": "Anthropic", "aws": "AWS", "azure": "Azure", "google": "Google"}
_ASKED_FOR: Final = 4
"""Providers whose invoices are asked for by name; the rest are counted."""


def close_message(facts: Mapping[str, Any], reader: ZoneInfo) -> Message:
    """What an ended month came to, what is asked for now, and the reader's proposals, each with its buttons or outcome."""
    cycle = Cycle.read(facts["cycle"])
    whole, mine = facts["whole"], facts["mine"]
    shown: list[Block | None] = [blocks.header(f"{cycle.title} is over")]
    if whole:
        shown += _whole_blocks(cycle, whole, reader)
    if mine:
        shown += _proposal_blocks(Cycle.read(facts["next"]), mine, int(facts["left_out"]))
    elif not whole:
        shown.append(
            blocks.section(
                f"Your envelopes keep their size in {Cycle.read(facts['next']).title}; nothing was foretold yet."
            )
        )
    return blocks.message(_finding(cycle, whole, mine), *shown)


def _finding(cycle: Cycle, whole: Mapping[str, Any] | None, mine: Sequence[Mapping[str, Any]]) -> str:
    parts = [f"{cycle.title} is over."]
    if whole:
        frozen = "Its estimate is frozen at" if whole["frozen_at"] else "So far it came to"
        parts.append(f"{frozen} {usd(whole['estimate'])}.")
    if waiting := [one for one in mine if one["state"] in (ProposalState.OPEN, ProposalState.DISCUSSED)]:
        parts.append(
            f"{plural(len(waiting), 'envelope')} of yours wait for a decision.".replace("envelope of", "envelope of")
        )
    return " ".join(parts)


def _whole_blocks(cycle: Cycle, whole: Mapping[str, Any], reader: ZoneInfo) -> list[Block | None]:
    providers = [f"{_provider(told)} {usd(nanos)}" for told, nanos in _billing(whole)]
    split = f" ({listed(providers, 5)})" if len(providers) > 1 else ""
    if whole["frozen_at"]:
        first = f"The estimate of {cycle.title} is *frozen at {usd(whole['estimate'])}*{split}, with the prices that were in force."
        small = f"Frozen {when(datetime.fromisoformat(whole['frozen_at']), reader)}. It changes no more; what comes later is an adjustment."
    else:
        until = when(datetime.fromisoformat(whole["frozen_from"]), reader) if whole["frozen_from"] else "later"
        first = f"The estimate of {cycle.title} is *{usd(whole['estimate'])}* so far{split}."
        small = f"Late usage counts until {until}; then the estimate is frozen."
    lines = [
        f"• {date.fromisoformat(on).day} {date.fromisoformat(on):%b}: {_signed(nanos)} {name(because)}"
        for on, nanos, because in whole["adjustments"]
    ]
    if lines:
        total = usd(whole["estimate"] + whole["adjusted"])
        first = "\n".join((first, f"*Adjusted since by {_signed(whole['adjusted'])}*, to {total}:", *lines))
    return [blocks.section(first), blocks.context(small), *_invoice_blocks(cycle, whole), _table(whole)]


def _billing(whole: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Providers with dollars; one that only answers for free, or at prices nobody knows, sends no invoice to wait for."""
    return [(told, nanos) for told, nanos in whole["providers"] if told and nanos]


def _invoice_blocks(cycle: Cycle, whole: Mapping[str, Any]) -> list[Block | None]:
    named = [told for told, _ in _billing(whole)][:_ASKED_FOR]
    if not named:
        return []
    asked = listed([_provider(told) for told in named])
    return [
        blocks.section(f"*Next:* the {'invoice' if len(named) == 1 else 'invoices'} of {asked}. Every part of the gap gets a cause."),
        blocks.paste(*(f"{COMMAND} reconcile {told} {cycle}" for told in named)),
    ]  # fmt: skip


def _table(whole: Mapping[str, Any]) -> Block | None:
    if not (envelopes := whole["envelopes"]):
        return None
    lines = [
        f"• *{name(workload)}*: {usd(current)} → {usd(nanos)}{_outcome_word(state)}" if current != nanos
        else f"• *{name(workload)}*: stays {usd(current)}{_outcome_word(state)}"
        for workload, current, nanos, state in envelopes
    ]  # fmt: skip
    together = f"together {usd(whole['together'][0])} → {usd(whole['together'][1])}"
    if whole["more"]:
        lines.append(f"and {whole['more']:,} more with smaller changes")
    title = f"*Proposed envelopes*, {together}; their owners have the buttons"
    return blocks.section("\n".join((title, *lines)))


def _outcome_word(state: str) -> str:
    words = {
        ProposalState.ACCEPTED: "accepted", ProposalState.ASKED: "with its sponsor", ProposalState.DISCUSSED: "being discussed",
        ProposalState.OVERTAKEN: "set otherwise",
    }  # fmt: skip
    told = words.get(ProposalState(state))
    return f" · {told}" if told else ""


def _proposal_blocks(cycle: Cycle, mine: Sequence[Mapping[str, Any]], left_out: int) -> list[Block | None]:
    shown: list[Block | None] = [blocks.section(f"*Your envelopes for {cycle.title}*")]
    for line in mine:
        shown.append(blocks.section(f"{_proposed(line, cycle)}\n{_basis(line)}"))
        if line["state"] in (ProposalState.OPEN, ProposalState.DISCUSSED):
            shown.append(_buttons(line, cycle))
    if left_out:
        shown.append(blocks.context(f"{plural(left_out, 'more envelope')} of yours: {code(f'{COMMAND} forecast')}"))
    shown.append(
        blocks.context("An envelope keeps its size until you decide. Less takes effect at once; more asks its sponsor.")
    )
    return shown


def _proposed(line: Mapping[str, Any], cycle: Cycle) -> str:
    workload, state = f"*{name(line['workload'])}*", ProposalState(line["state"])
    proposed, current = usd(line["nanos"]), usd(line["current"])
    if state is ProposalState.ACCEPTED:
        return f"{workload}: *{proposed}* from {cycle.title} on. {person(line['by'])} accepted it."
    if state is ProposalState.ASKED:
        return f"{workload}: {person(line['sponsor'])} was asked for *{proposed}*; until then it keeps {current}."
    if state is ProposalState.OVERTAKEN:
        return f"{workload}: *{current}*. It was set otherwise since, so the proposal of {proposed} no longer stands."
    step = f"keep *{current}*" if line["nanos"] == line["current"] else f"{current} → *{proposed}*"
    talk = f" {person(line['by'])} wants to talk about it." if state is ProposalState.DISCUSSED else ""
    return f"{workload}: {step}.{talk}"


def _basis(line: Mapping[str, Any]) -> str:
    """Last month, the forecast that the proposal rests on, and the largest causes of change."""
    size = line["last_size"]
    used = f"{usd(line['spent'])} of {usd(size)} ({share(line['spent'] / size)})" if size else usd(line["spent"])
    learned = f"; {escape(line['learned'])}" if line.get("learned") else ""
    foretold = f"{usd(line['p50'])} ({usd(line['p10'])} to {usd(line['p90'])}{learned})"
    told = f"Last month {used}. Forecast {foretold} plus {line['margin']:.0%} margin."
    moved = [f"{cause} {_signed(nanos)}" for cause, nanos in line["drivers"]]
    return f"{told} Against the month before: {listed(moved)}." if moved else told


def _buttons(line: Mapping[str, Any], cycle: Cycle) -> Block:
    value = f"{cycle}/{line['id']}"
    if line["nanos"] == line["current"]:
        label = "Keep it"
    else:
        # More room is not the owner's to give, and the button must not read as if it were.
        label = f"{'Ask for' if line['nanos'] > line['current'] else 'Accept'} {usd(line['nanos'])}"
    carried = json.dumps([line["workload"], line["nanos"]], separators=(",", ":"))
    return blocks.actions(
        blocks.button(label, ids.ACCEPT_PROPOSAL, value, style="primary"),
        blocks.button("Change…", ids.PROPOSE_ENVELOPE, carried),
        blocks.button("Discuss", ids.DISCUSS_PROPOSAL, value),
    )


def discuss_message(facts: Mapping[str, Any]) -> Message:
    """The call to talk about a proposal, where the envelope's people read it."""
    workload, cycle = str(facts["workload"]), Cycle.read(facts["cycle"])
    others = " and ".join(person(one) for one in facts["with"])
    step = f"{usd(facts['size'])} → {usd(facts['nanos'])}"
    said = f"{person(facts['by'])} wants to talk about the envelope of *{name(workload)}* for {cycle.title}: {step}."
    return blocks.message(
        said,
        blocks.section(f"{said} {others}".rstrip()),
        blocks.context(_basis(facts)),
        blocks.paste(f"{COMMAND} whatif {workload} volume=-10%", f"{COMMAND} set {workload}"),
    )


def proposal_place(value: str) -> tuple[Cycle, int] | None:
    """The cycle and workload number in a button's value; None where it holds neither."""
    told, _, number = value.partition("/")
    year, _, month = told.partition("-")
    if not (all(part.isascii() and part.isdecimal() for part in (year, month, number)) and len(number) < 19):
        return None
    return (Cycle(int(year), int(month)), int(number)) if 1 <= int(month) <= 12 else None


def _provider(told: str) -> str:
    return _PROVIDERS.get(told, name(told.title()))


def _signed(nanos: int) -> str:
    return f"+{usd(nanos)}" if nanos > 0 else usd(nanos).replace("-", "−")
