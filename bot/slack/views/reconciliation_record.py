"""What stands in the thread of a comparison: its table with the file, and who signed or refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.charts.foretold import signed
from bot.slack.views import blocks, tables
from bot.slack.views.blocks import Message
from bot.slack.views.cause_words import cause_title
from bot.slack.views.mrkdwn import name, person, when
from bot.slack.views.wording import plural
from core.money import NANOS, usd
from core.period import Cycle


def record_message(result: Mapping[str, Any], *, link: str | None) -> Message:
    """Every cause and every model of one comparison; `link` leads to the CSV."""
    title = f"{name(result['provider'])} {_month(result).title}"
    said = f"{title}: {plural(len(result['causes']), 'cause')}, {plural(len(result['models']), 'model')}"
    file = (
        f"<{link}|The same as CSV, with every UTC day>"
        if link
        else "The CSV could not be uploaded; compare again to get it."
    )
    return blocks.message(
        said,
        tables.data_table(
            f"From the estimate to the invoice, {title}", ["Step", "USD", "Sure", "Because"], _cause_rows(result)
        ),
        tables.data_table(f"By model, {title}", ["Model", "Estimate", "Invoice", "Gap"], _model_rows(result)),
        blocks.context(file),
    )


def note_message(facts: Mapping[str, Any], reader: ZoneInfo) -> Message:
    """One signature or refusal, for the record."""
    who, at = person(facts["by"]), when(datetime.fromisoformat(facts["at"]), reader)
    roles = " and ".join(facts["roles"])
    if facts["refused"]:
        text = f"{who} ({roles}) does not sign: “{name(facts['refused'], 500)}” · {at}"
    else:
        closed = " That was the last signature: the month is closed." if facts["is_closed"] else ""
        text = f"{who} signed as {roles} · {at}.{closed}"
    return blocks.message(text, blocks.section(text))


def void_message(facts: Mapping[str, Any]) -> Message:
    """To somebody whose signature covers other numbers than those that now stand."""
    where = f" in <#{facts['channel']}>" if facts["channel"] else ""
    text = (
        f"The numbers of {name(facts['provider'])} {_month(facts).title} have changed, so your signature is void. "
        f"Look at the new ones{where} and sign again."
    )
    return blocks.message(text, blocks.section(text))


def _cause_rows(result: Mapping[str, Any]) -> list[list[tables.Cell]]:
    rows = [_row("Estimate", int(result["estimate"]), "", f"as booked, prices of {result['prices']}")]
    causes = sorted(result["causes"], key=lambda cause: -abs(cause["nanos"]))
    rows += [
        _row(cause_title(one["cause"]), int(one["nanos"]), f"{one['confidence']:.0%}", one["evidence"], step=True)
        for one in causes
    ]
    rest, tolerance = int(result["unexplained"]), int(result["tolerance"])
    within = "within" if abs(rest) <= tolerance else "above"
    rows.append(_row("Unexplained", rest, "", f"{within} the tolerance of {usd(tolerance)}", step=True))
    rows.append(
        _row("Invoice", int(result["invoice"]), "", f"{result['bill']['file']}, {int(result['lines']):,} lines")
    )
    return rows


def _row(title: str, nanos: int, sure: str, because: str, *, step: bool = False) -> list[tables.Cell]:
    amount = {"type": "raw_number", "value": round(nanos / NANOS, 9), "text": signed(nanos) if step else usd(nanos)}
    return [tables.words(title), amount, tables.words(sure or "–"), tables.words(because or "–", 300)]


def _dollars(nanos: int) -> tables.Cell:
    text = usd(nanos) if nanos >= 0 else signed(nanos)
    return {"type": "raw_number", "value": round(nanos / NANOS, 9), "text": text}


def _model_rows(result: Mapping[str, Any]) -> list[list[tables.Cell]]:
    rows = [
        [tables.words(label), tables.money(int(ours)), _dollars(int(theirs)),
         {"type": "raw_number", "value": round((theirs - ours) / NANOS, 9), "text": signed(int(theirs) - int(ours))}]
        for label, ours, theirs in result["models"][: tables.ROWS]
    ]  # fmt: skip
    return rows or [[tables.words("–"), tables.money(0), tables.money(0), tables.money(0)]]


def _month(facts: Mapping[str, Any]) -> Cycle:
    year, month = facts["month"].split("-")
    return Cycle(int(year), int(month))
