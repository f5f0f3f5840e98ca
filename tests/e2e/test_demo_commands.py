"""The demo through its control endpoints: what a newcomer types, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.slack.views.overview import HEAD
from sandbox.model import Json
from sandbox.people import text_of
from tests.support.demo import RunningDemo, filled, running_demo

ENVELOPE, SPENT = HEAD.index("Envelope"), HEAD.index("Spent")
"""Where a row of the status table has them."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """One demo for all tests here; each of them changes a workload of its own."""
    past = filled(tmp_path_factory.getbasetemp())
    with running_demo(past.copy_to(tmp_path_factory.mktemp("demo") / "state")) as running:
        yield running


def row_of(message: Json, first: str) -> list[str]:
    """The cells of a table's row, by the words its first cell begins with."""
    table = next(block for block in message["blocks"] if block["type"] == "data_table")
    rows = [[text_of(cell).replace("\n", "") for cell in row] for row in table["rows"]]
    return next(row for row in rows if row[0].startswith(first))


def dollars(text: str) -> float:
    return float(text.replace("$", "").replace(",", ""))


async def spent(demo: RunningDemo, workload: str) -> float:
    return dollars(row_of((await demo.person("kim").types("/budget status")).message, workload)[SPENT])


async def test_status_is_a_table_of_everything_that_spends(demo: RunningDemo):
    message = (await demo.person("ana").types("/budget status")).message
    table = next(block for block in message["blocks"] if block["type"] == "data_table")
    assert len(table["rows"]) >= 10
    assert dollars(row_of(message, "search-answers")[SPENT]) > 1_000
    assert row_of(message, "unattributed")[ENVELOPE] == "–"
    assert "acme-ft-ranker-7b have no price" in text_of(message)


async def test_set_changes_what_status_shows(demo: RunningDemo):
    ana = demo.person("ana")
    assert row_of((await ana.types("/budget status")).message, "doc-summaries")[ENVELOPE] == "–"
    assert "*$3,000*" in (await ana.types("/budget set doc-summaries 3k sponsor=@sam")).text
    assert row_of((await ana.types("/budget status")).message, "doc-summaries")[ENVELOPE] == "$3,000"


async def test_status_of_one_brings_a_chart_that_can_be_fetched(demo: RunningDemo):
    message = (await demo.person("ana").types("/budget status search-answers")).message
    image = next(block for block in message["blocks"] if block["type"] == "image")
    kind, picture = await demo.fetches(f"/_sandbox/files/{image['slack_file']['id']}")
    assert kind == "image/png"
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) > 5_000
    assert image["alt_text"].startswith("Burn-up chart: search-answers has spent $")


async def test_a_raise_is_approved_by_click_and_everybody_is_told(demo: RunningDemo):
    chen, sam = demo.person("chen"), demo.person("sam")
    asked = await chen.types("/budget set code-review 12k")
    assert "Until then the envelope stays at $9,000" in asked.text
    request = await sam.sees("raise the envelope of *code-review*", channel="dm")
    await sam.clicks("Approve", message=request)
    decided = await sam.sees("*code-review*: approved by <@U0SAM>", channel="dm")
    assert decided["ts"] == request["ts"]
    assert "actions" not in [block["type"] for block in decided["blocks"]]
    await chen.sees("was approved by <@U0SAM> and is in force", channel="dm")
    assert row_of((await chen.types("/budget status")).message, "code-review")[ENVELOPE] == "$12,000"


async def test_a_declined_raise_leaves_the_envelope_as_it_was(demo: RunningDemo):
    ben, sam = demo.person("ben"), demo.person("sam")
    await ben.types("/budget set support-assistant 20k")
    request = await sam.sees("raise the envelope of *support-assistant*", channel="dm")
    await sam.clicks("Decline", message=request)
    await ben.sees("was declined by <@U0SAM>. $11,000 still holds", channel="dm")
    assert row_of((await ben.types("/budget status")).message, "support-assistant")[ENVELOPE] == "$11,000"


async def test_a_sponsor_cannot_ask_themselves_for_more(demo: RunningDemo):
    await demo.person("farah").types("/budget set moderation finance=@sam")
    refused = await demo.person("sam").types("/budget set moderation 5k")
    assert "nobody decides on their own request" in refused.text
    assert row_of((await demo.person("kim").types("/budget status")).message, "moderation")[ENVELOPE] == "$1,000"


async def test_a_typing_mistake_gets_the_nearest_name(demo: RunningDemo):
    refused = await demo.person("ana").types("/budget status serch-answers")
    assert "Did you mean search-answers?" in refused.text
    assert "/budget status search-answers" in refused.text


async def test_claiming_unattributed_spend_moves_it(demo: RunningDemo):
    farah = demo.person("farah")
    before = await spent(demo, "unattributed")
    preview = await farah.types("/budget workload add support-assistant team=support environment=prodution")
    assert "Nothing has been added yet" in preview.text
    assert await spent(demo, "unattributed") == before
    await farah.clicks("Add and re-attribute this cycle", message=preview.message)
    after = await spent(demo, "unattributed")
    assert after < before


async def test_finance_prices_the_unpriced_model_and_nobody_else_does(demo: RunningDemo):
    line = "/budget price acme-ft-ranker-7b input=0.10 output=0.40"
    assert "Only the finance team can set prices" in (await demo.person("ana").types(line)).text
    assert "no known price" in (await demo.person("ana").types("/budget price acme-ft-ranker-7b")).text
    assert "*$0.10* in, *$0.40* out" in (await demo.person("farah").types(line)).text
    assert "set by <@U0FARAH>" in (await demo.person("ana").types("/budget price acme-ft-ranker-7b")).text


async def test_a_day_that_passes_brings_its_usage(demo: RunningDemo):
    kim = demo.person("kim")
    before = (await kim.types("/budget status")).message
    moved = await demo.moves_clock("1d")
    assert moved["ok"]
    assert moved["events"] > 300
    after = (await kim.types("/budget status")).message
    for workload in ("search-answers", "research-agent", "translation", "eval-nightly"):
        assert dollars(row_of(after, workload)[SPENT]) > dollars(row_of(before, workload)[SPENT])
    assert "Usage counted up to 18 " in text_of(after)


async def test_a_step_that_is_none_is_refused(demo: RunningDemo):
    refused = await demo.moves_clock("ten years")
    assert not refused["ok"]
    assert "is not a step" in refused["error"]


def test_a_second_demo_on_the_same_port_says_how_to_go_on(demo: RunningDemo):
    port = demo.url.rpartition(":")[2]
    second = RunningDemo("--port", port)
    second.process.wait(timeout=30)
    ended = second.end()
    assert ended.code == 2
    assert ended.stdout == ""
    assert f"Port {port} cannot be used" in ended.stderr
    assert "outlay demo --port" in ended.stderr
    assert "Traceback" not in ended.stderr
