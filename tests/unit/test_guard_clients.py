"""What a gateway imports: failing open or closed, trying again, settling in the background, spending from leases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from bot.clients.guard import GuardClient, GuardRefused, Request
from bot.clients.leases import LeasingGuard

RATES = {
    "provider": "openai", "model": "gpt-4.1", "per": "1000000",
    "bands": [{
        "above": -1, "per_request": "0", "web_searches": "0",
        **dict.fromkeys(("input_uncached", "cache_read", "cache_write", "cache_write_1h", "input_audio"), "2000000000"),
        **dict.fromkeys(("output", "reasoning", "output_audio"), "8000000000"),
    }],
}  # fmt: skip
ASKED = Request("r-1", "openai", "gpt-4.1", 1000, 1000, workload="search")
USED = {"provider": "openai", "model": "gpt-4.1", "input_tokens": 1000, "output_tokens": 1000}


@dataclass
class Told:
    """A guard that answers from a list, and remembers what it was told. `left` cents can be leased."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    left: int = 100

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [body for called, body in self.calls if called == path]

    async def answer(self, request: web.Request) -> web.Response:
        path, body = request.match_info["path"], await request.json()
        if status := self.statuses.pop(0) if self.statuses else 0:
            return web.json_response({"error": "no such workload"}, status=status)
        self.calls.append((path, body))
        if path == "authorize":
            return web.json_response(
                {"decision": "allow", "model": body["model"], "max_output_tokens": 1000, "hold_id": "h-1", "reason": ""}
            )
        if path == "lease":
            cents = min(self.left, round(float(body["usd"]) * 100))
            self.left -= cents
            lease_id = f"l-{len(self.calls)}" if cents else None
            return web.json_response({"lease_id": lease_id, "granted_usd": f"{cents / 100}", "rates": [RATES]})
        return web.json_response({"charged_usd": "0.01", "rejected": []})


@asynccontextmanager
async def a_guard(**fields: Any) -> AsyncIterator[Told]:
    told = Told(**fields)
    app = web.Application()
    app.router.add_post("/v1/guard/{path:.*}", told.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield told
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("fail_open", "decision"), [(True, "allow"), (False, "deny")])
async def test_without_a_guard_the_gateways_own_fail_mode_decides(fail_open: bool, decision: str) -> None:
    async with GuardClient("http://127.0.0.1:9", "t", fail_open=fail_open, timeout_seconds=2) as client:
        answer = await client.authorize(ASKED)

    assert (answer.decision, answer.is_guarded, answer.hold_id) == (decision, False, None)
    assert "fails" in answer.reason


async def test_a_busy_guard_is_asked_again_under_the_same_request_id() -> None:
    async with a_guard(statuses=[503, 503]) as told, GuardClient(told.url, "t") as client:
        answer = await client.authorize(ASKED)

        assert (answer.decision, answer.hold_id) == ("allow", "h-1")
        assert [body["request_id"] for body in told.bodies("authorize")] == ["r-1"]


async def test_a_mistake_is_raised_and_never_hidden_by_the_fail_mode() -> None:
    async with a_guard(statuses=[404]) as told, GuardClient(told.url, "t", fail_open=True) as client:
        with pytest.raises(GuardRefused, match="no such workload"):
            await client.authorize(ASKED)


async def test_what_is_settled_later_arrives_through_failures_and_before_closing() -> None:
    async with a_guard() as told:
        async with GuardClient(told.url, "t") as client:
            answer = await client.authorize(ASKED)
            told.statuses = [503] * 3 + [0, 500]
            for number in range(3):
                client.settle_later(answer, {"id": f"u-{number}", **USED})

        assert sorted(body["usage"]["id"] for body in told.bodies("settle")) == ["u-0", "u-1", "u-2"]


async def test_a_lease_decides_alone_and_reports_alike_requests_together() -> None:
    async with a_guard() as told, GuardClient(told.url, "t") as client:
        leasing = LeasingGuard(client, "search", lease_usd="0.50")
        for _ in range(40):
            decision = await leasing.authorize(ASKED)
            leasing.settle_later(decision, dict(USED))
        await leasing.aclose()

        ((event,),) = [body["usage"] for path, body in told.calls if path.endswith("/settle")]
        assert (event["requests"], event["input_tokens"], event["output_tokens"]) == (40, 40_000, 40_000)
        assert len(told.bodies("lease")) == 1
        assert told.bodies("authorize") == []


async def test_each_request_is_reported_by_itself_where_that_is_wanted() -> None:
    async with a_guard() as told, GuardClient(told.url, "t") as client:
        leasing = LeasingGuard(client, "search", sums_up=False)
        for number in range(3):
            leasing.settle_later(await leasing.authorize(ASKED), {"id": f"u-{number}", **USED})
        await leasing.aclose()

        (events,) = [body["usage"] for path, body in told.calls if path.endswith("/settle")]
        assert [event["id"] for event in events] == ["u-0", "u-1", "u-2"]


async def test_a_lease_spends_no_more_than_it_was_granted_and_takes_another() -> None:
    async with a_guard() as told, GuardClient(told.url, "t") as client:
        leasing = LeasingGuard(client, "search", lease_usd="0.10")

        decisions = [await leasing.authorize(ASKED) for _ in range(25)]

        assert [decision.lease is not None for decision in decisions] == [True] * 25
        assert len({decision.lease.id for decision in decisions}) == 3
        assert len(told.bodies("lease")) == 3


async def test_when_nothing_can_be_leased_the_guard_itself_decides() -> None:
    async with a_guard(left=0) as told, GuardClient(told.url, "t") as client:
        leasing = LeasingGuard(client, "search")

        decision = await leasing.authorize(Request("r-9", "openai", "gpt-4.1", 1000, 1000))

        assert (decision.hold_id, decision.lease) == ("h-1", None)
        assert told.bodies("authorize")[0]["workload"] == "search"


async def test_a_request_without_a_maximum_is_always_asked_of_the_guard() -> None:
    async with a_guard() as told, GuardClient(told.url, "t") as client:
        decision = await LeasingGuard(client, "search").authorize(Request("r-1", "openai", "gpt-4.1", 1000))

        assert (decision.lease, told.bodies("lease")) == (None, [])


async def test_a_lease_waits_for_its_last_request_before_it_is_given_back() -> None:
    async with a_guard() as told, GuardClient(told.url, "t") as client:
        leasing = LeasingGuard(client, "search")
        decision = await leasing.authorize(ASKED)
        closing = asyncio.create_task(leasing.aclose())
        await asyncio.sleep(0.02)
        assert not [path for path, _ in told.calls if path.endswith("/settle")]

        leasing.settle_later(decision, dict(USED))
        await closing
        await asyncio.sleep(0.05)

        assert len([path for path, _ in told.calls if path.endswith("/settle")]) == 1
