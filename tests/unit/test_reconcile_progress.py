"""A large bill on its way in is one message that is edited, and never more often than Slack likes."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot.importing import invoices
from bot.importing.invoices import read_invoice
from bot.slack import progress
from bot.slack.progress import Progress
from bot.slack.views.blocks import Message, message, section
from bot.slack.views.reconcile_progress import Order, progress_message
from core.period import Cycle

OCTOBER = Cycle(2026, 10)


class Client:
    """What Slack is asked for; the two calls that a message needs."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.edited: list[tuple[str, str, str]] = []

    async def chat_postMessage(self, **told: Any) -> dict[str, str]:  # noqa: N802
        self.posted.append(told)
        return {"channel": told["channel"], "ts": "1.1"}

    async def chat_update(self, *, channel: str, ts: str, text: str, **_: Any) -> None:
        self.edited.append((channel, ts, text))


def a_bill(folder: Path, lines: int) -> Path:
    path = folder / "bill.csv"
    rows = (f"{date(2026, 10, 1 + place % 31)},gpt-4.1,input,1000,0.002\n" for place in range(lines))
    path.write_text("date,model,token_type,tokens,cost\n" + "".join(rows))
    return path


async def read_with_progress(path: Path) -> Client:
    """As the listener does it: read in a thread, the message edited from there."""
    client, order = Client(), Order("openai", OCTOBER, "F1")
    shown = await Progress.begin(client, "C0BUDGET", "U0FARAH", progress_message(order, "U0FARAH", "fetching …"))  # type: ignore[arg-type]
    loop, edits = asyncio.get_running_loop(), []

    def moved(lines: int) -> None:
        said = progress_message(order, "U0FARAH", f"reading: {lines:,} lines …")
        edits.append(asyncio.run_coroutine_threadsafe(shown.show(said), loop))

    await asyncio.to_thread(read_invoice, path, provider="openai", month=OCTOBER, moved=moved)
    await asyncio.gather(*map(asyncio.wrap_future, edits))
    return client


async def test_one_message_says_how_many_lines_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoices, "_MOVED", 100)
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)
    client = await read_with_progress(a_bill(tmp_path, 350))

    assert len(client.posted) == 1
    assert [place for *place, _ in client.edited] == [["C0BUDGET", "1.1"]] * 3
    assert ["100 lines" in client.edited[0][2], "300 lines" in client.edited[-1][2]] == [True, True]


async def test_edits_within_a_second_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoices, "_MOVED", 10)
    client = await read_with_progress(a_bill(tmp_path, 350))

    assert len(client.posted) == 1
    assert client.edited == []


async def test_what_has_to_be_seen_is_shown_however_soon() -> None:
    client = Client()
    said: Message = message("done", section("done"))
    shown = await Progress.begin(client, None, "U0FARAH", said)  # type: ignore[arg-type]
    await shown.show(said, always=True)

    assert (shown.place, shown.is_direct) == (("U0FARAH", "1.1"), True)
    assert client.edited == [("U0FARAH", "1.1", "done")]
