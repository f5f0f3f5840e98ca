"""The first 30 days in the demo, on its own clock: people act week by week, the books tick what is true, day 30 adds up."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.money import NANOS, usd
from sandbox.people import Person, text_of
from tests.support.demo import RunningDemo, filled, running_demo
from tests.support.shown import refused

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def demo(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[RunningDemo]:
    past = filled(tmp_path_factory.getbasetemp())
    with running_demo(past.copy_to(state)) as running:
        yield running


def in_books(state: Path, query: str, *values: object) -> list[tuple]:
    """Rows of the demo's own database, read beside it."""
    with sqlite3.connect(f"file:{state / 'outlay.db'}?mode=ro", uri=True) as books:
        return books.execute(query, values).fetchall()


async def newest_post(person: Person) -> dict:
    return [one for one in await person.reads("C0BUDGET") if "irst 30 days" in text_of(one["blocks"][:1])][-1]


def lines_of(post: dict) -> dict[int, str]:
    """The items that a post names, by number, with their marks."""
    return {
        int(match[2]): match[0] for match in re.finditer(r"^(✓|○|● overdue:) (\d+) .*$", text_of(post), re.MULTILINE)
    }


@pytest.mark.long
async def test_the_first_30_days(demo: RunningDemo, state: Path):
    ana, farah, kim = demo.person("ana"), demo.person("farah"), demo.person("kim")

    await farah.types("/budget rollout start")
    await farah.submits({})
    await farah.sees("week 1 of 4", channel="C0BUDGET")
    first = lines_of(await newest_post(farah))
    day = 86_400_000_000
    today = int(datetime.now(UTC).replace(day=17, hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1_000_000
    ((requests, nanos, bare),) = in_books(
        state,
        "SELECT sum(requests), sum(cost_nanos), sum(CASE WHEN feature IS NULL THEN cost_nanos ELSE 0 END) FROM usage_events "
        "JOIN series ON series.id = series_id WHERE superseded = 0 AND at >= ?",
        today - 6 * day,
    )
    assert f"1 source sent {requests:,} requests in seven days." in first[1]
    assert f"{int((1 - bare / nanos) * 100)}% over seven days." in first[2]
    assert first[5].startswith("○ 5 Every team that calls a model is known.")
    assert "Ticked: 5" in (await farah.types("/budget rollout tick 5")).text

    await demo.moves_clock("7d")
    second = lines_of(await newest_post(farah))
    assert "week 2 of 4" in text_of(await newest_post(farah))
    assert second[6].startswith("✓ 6 Token shapes")
    assert second[7].startswith("✓ 7 The forecast is built")
    assert second[8].startswith("○ 8 Volume is tied")
    await ana.types("/budget metric search-answers unit=query today=1200")
    await farah.types("/budget rollout tick 9")

    await demo.moves_clock("7d")
    third = lines_of(await newest_post(farah))
    assert "week 3 of 4" in text_of(await newest_post(farah))
    assert set(third) == {10, 11, 12, 13}, "nothing is overdue: people acted"
    listed = (await farah.types("/budget rollout")).text
    assert "✓ 8 Volume is tied to a business metric. search-answers is counted per query." in listed
    await farah.types("/budget rollout test-alert")
    alert = await kim.sees("This is a test alert", channel="C0BUDGET")
    await kim.clicks("Acknowledge", message=alert)

    await demo.moves_clock("7d")
    fourth = lines_of(await newest_post(farah))
    assert "week 4 of 4" in text_of(await newest_post(farah))
    assert fourth[11].startswith("● overdue: 11 "), "nobody asked owners and sponsors"
    assert 13 not in fourth, "the test alert was seen"
    assert (
        "✓ 13 A test alert was seen. <@U0KIM> acknowledged the test alert."
        in (await farah.types("/budget rollout")).text
    )

    await demo.moves_clock("8d")
    final = await newest_post(farah)
    assert "where we stand" in text_of(final)
    assert refused(final) == []
    ((size,),) = in_books(state, "SELECT sum(nanos) FROM envelope_entries")
    parts = [
        round(float(amount.replace(",", "")) * NANOS)
        for amount in re.findall(r"^• \$([\d,.]+):", text_of(final), re.MULTILINE)
    ]
    assert parts[0] == size, "hard limits of every envelope at 100%"
    assert f"the worst case is bounded: {usd(sum(parts))}" in text_of(final)
    began = first_of_month(demo_now(state))
    ((spent,),) = in_books(
        state,
        "SELECT sum(cost_nanos) FROM usage_events WHERE superseded = 0 AND at >= ? AND at < ?",
        began,
        posted_at(final),
    )
    said = re.search(r"Spent so far this month: \*\$([\d,]+)", text_of(final))
    assert said is not None
    assert abs(int(said[1].replace(",", "")) * NANOS - spent) < 0.01 * spent

    weekly = [one for one in await farah.reads("C0BUDGET") if re.search(r"week \d of 4", text_of(one["blocks"][:1]))]
    assert {re.search(r"week \d", text_of(one["blocks"][:1]))[0] for one in weekly} == {
        f"week {week}" for week in (1, 2, 3, 4)
    }


def demo_now(state: Path) -> datetime:
    """The day of the last usage in the demo's books."""
    ((latest,),) = in_books(state, "SELECT max(at) FROM usage_events")
    return datetime.fromtimestamp(latest / 1_000_000, UTC)


def first_of_month(at: datetime) -> int:
    """In the books' microseconds."""
    return int(at.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()) * 1_000_000


def posted_at(message: dict) -> int:
    return int(float(message["ts"]) * 1_000_000)
