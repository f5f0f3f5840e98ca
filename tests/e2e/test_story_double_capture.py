"""Story: two sources report October's calls, the invoice says half; finance lets one of them count, and takes it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp

from core.services.manage_tokens import create_token
from sandbox.people import text_of
from tests.e2e.test_story_reconcile import HEADER, brings, the_comparison
from tests.support.office import NOW, Office, settled_view, with_search

DAYS = 10


async def with_two_sources(office: Office) -> None:
    """The proxy and the web-app each report the same call a day, 18 dollars of gpt-4.1."""
    await with_search(office)
    for name, later in (("proxy", 0), ("web-app", 2)):
        token = await create_token(office.service.uow, name, frozenset({"usage"}), by="U0FARAH", now=NOW)
        events = [
            {
                "id": f"{name}-{day}", "at": (datetime(2026, 10, 1, 12, tzinfo=UTC) + timedelta(days=day, seconds=later)).isoformat(),
                "provider": "openai", "model": "gpt-4.1", "input_tokens": 5_000_000, "output_tokens": 1_000_000,
                "tags": {"feature": "search"},
            }
            for day in range(DAYS)
        ]  # fmt: skip
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{office.service.url}/v1/usage", json=events) as answer,
        ):
            assert answer.status == 202


def the_bill() -> bytes:
    rows = [
        f"2026-10-{day:02},gpt-4.1,{kind},{tokens},{cost}"
        for day in range(1, DAYS + 1)
        for kind, tokens, cost in (("input", 5_000_000, 10.0), ("output", 1_000_000, 8.0))
    ]
    return (HEADER + "\n".join(rows) + "\n").encode()


async def test_one_of_two_sources_is_let_to_count_and_the_comparison_follows(office: Office) -> None:
    await with_two_sources(office)
    await brings(office, the_bill())
    head = await the_comparison(office)
    assert "Counted twice" in text_of(head) or "twice" in text_of(head), text_of(head)
    await office.farah.clicks("Mend…", message=head)
    await settled_view(office.farah)
    await office.farah.clicks("Choose what counts…")
    preview = text_of(await settled_view(office.farah))
    assert "proxy and web-app report the same calls* of openai in October 2026" in preview
    assert "$180 in 10 calls, $180 of it in 10 calls that web-app has too" in preview
    assert "web-app taken out: $180 leaves the books, of search $180; October 2026 would get an adjustment." in preview
    await office.farah.submits({"take_out": ["take_out"]})
    done = text_of(await office.farah.sees("only checks"))
    assert (
        "proxy counts for openai, web-app only checks, from 1 Oct 2026. 10 calls of $180 left the books: search $180."
        in done
    )
    await the_comparison(office, "The invoice says $180, and so do the books")

    shown = await office.farah.types("/budget sources")
    assert "proxy counts for openai" in shown.text
    assert "10 calls of $180 came back" in (await office.farah.clicks("Undo")).text


async def test_only_finance_chooses_which_source_counts(office: Office) -> None:
    await with_two_sources(office)
    answer = await office.ana.types("/budget sources compare openai 2026-10")
    assert "Only the finance team" in answer.text
    await office.farah.types("/budget sources compare openai 2026-09")
    assert "No two sources report the same calls of openai in September 2026" in text_of(await office.farah.view())
