"""The guard and the envelopes over HTTP: shapes, scopes, refusals."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from bot.web import answers
from bot.web.envelopes import envelopes_router
from bot.web.gate import Gate
from bot.web.guard import GuardCalls, guard_router
from bot.web.guard_door import GuardDoor
from core.services.authorize_spend import Guard
from core.services.forecast_spend import refresh_forecasts
from core.services.manage_tokens import create_token, revoke_token
from core.services.record_usage import Bookkeeper
from core.store.unit_of_work import UnitOfWork
from tests.support.books import NOON, an_order, sets

ASKED = {
    "request_id": "r-1", "workload": "search", "provider": "openai", "model": "gpt-4.1", "input_tokens": 1000,
    "max_output_tokens": 1000,
}  # fmt: skip
USED = {
    "id": "r-1",
    "at": "2026-11-24T12:00:00Z",
    "provider": "openai",
    "model": "gpt-4.1",
    "input_tokens": 1000,
    "output_tokens": 100,
}


@dataclass
class Door:
    client: httpx.AsyncClient
    uow: UnitOfWork
    guard: Guard

    async def post(self, path: str, body: Any, *, expect: int = 200) -> Any:
        answer = await self.client.post(f"/v1/guard/{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def get(self, path: str, *, expect: int = 200) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == expect, answer.text
        return answer.json()


@pytest.fixture(params=["door", "routes"])
async def door(uow: UnitOfWork, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    await sets(uow, an_order("search", 1.00))
    guard = Guard(uow, Bookkeeper(uow))
    app = FastAPI()
    answers.install(app)
    gate = Gate(uow, lambda: NOON)
    calls = GuardCalls(guard, gate, lambda: NOON)
    app.include_router(guard_router(calls))
    if request.param == "door":
        app.add_middleware(GuardDoor, calls=calls)
    app.include_router(envelopes_router(uow, gate, lambda: NOON))
    token = await create_token(uow, "gateway", frozenset({"guard", "read"}), by="U0FARAH", now=NOON)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://guard", headers={"Authorization": f"Bearer {token}"}
    ) as client:
        yield Door(client, uow, guard)


async def test_authorize_and_settle_speak_the_published_shapes(door: Door) -> None:
    answer = await door.post("authorize", ASKED)
    settled = await door.post("settle", {"hold_id": answer["hold_id"], "usage": USED})

    assert answer == {
        "decision": "allow", "model": "gpt-4.1", "max_output_tokens": 1000, "hold_id": answer["hold_id"],
        "held_usd": "0.010000000", "remaining_usd": "0.990000000", "expires_at": "2026-11-24T12:10:00Z",
        "reason": "within envelope", "retry_after": None,
    }  # fmt: skip
    assert answer["hold_id"].startswith("h-")
    assert settled == {"charged_usd": "0.002800000", "returned_usd": "0.007200000", "recorded": 1, "duplicates": 0}


async def test_a_denial_holds_nothing_and_says_when_to_ask_again(door: Door) -> None:
    await door.post("authorize", {**ASKED, "max_output_tokens": 124_750})

    denied = await door.post("authorize", {**ASKED, "request_id": "r-2"})

    assert denied["decision"] == "deny"
    assert denied["hold_id"] is None
    assert denied["held_usd"] == "0.000000000"
    assert denied["retry_after"] == 2


async def test_a_lease_speaks_the_published_shapes(door: Door) -> None:
    leased = await door.post(
        "lease",
        {
            "workload": "search",
            "usd": "0.25",
            "ttl_seconds": 60,
            "models": [{"provider": "openai", "model": "gpt-4.1"}],
        },
    )
    settled = await door.post(f"lease/{leased['lease_id']}/settle", {"usage": [USED, {"id": "x"}]})

    assert (leased["granted_usd"], leased["expires_at"]) == ("0.250000000", "2026-11-24T12:01:00Z")
    assert leased["rates"][0]["bands"][0]["output"] == "8000000000"
    assert (settled["charged_usd"], settled["returned_usd"]) == ("0.002800000", "0.247200000")
    assert settled["rejected"] == [{"index": 1, "error": "missing provider"}]


async def test_envelopes_show_what_is_spent_and_held(door: Door) -> None:
    await door.post("settle", {"hold_id": (await door.post("authorize", ASKED))["hold_id"], "usage": USED})
    await door.post("authorize", {**ASKED, "request_id": "r-2"})

    (listed,) = await door.get("/v1/envelopes")

    assert listed == await door.get("/v1/envelopes/search")
    assert listed["workload"] == "search"
    assert (listed["cycle"], listed["amount_usd"]) == ("2026-11", "1.000000000")
    assert (listed["spent_usd"], listed["held_usd"]) == ("0.002800000", "0.010000000")
    assert (listed["state"], listed["soft_share"], listed["hard_share"]) == ("within", 0.8, 1.0)
    assert (listed["owner"], listed["finance"], listed["sponsor"]) == ("U0ANA", "U0FARAH", "U0SAM")
    assert listed["as_of"] == "2026-11-24T12:00:00Z"
    assert set(listed["forecast"]) == {"p10_usd", "p50_usd", "p90_usd", "breach_probability", "breach_on", "method"}


async def test_what_expired_without_its_usage_shows_as_spent_and_unconfirmed(door: Door) -> None:
    await door.post("authorize", ASKED)
    await door.guard.sweep(NOON + timedelta(minutes=11))

    shown = await door.get("/v1/envelopes/search")

    assert (shown["spent_usd"], shown["unconfirmed_usd"], shown["held_usd"]) == (
        "0.010000000",
        "0.010000000",
        "0.000000000",
    )


CANNOT_BE: tuple[tuple[str, Any, int], ...] = (
    ("authorize", {**ASKED, "workload": "serch"}, 404),
    ("authorize", {**ASKED, "input_tokens": -1}, 422),
    ("authorize", {**ASKED, "input_tokens": 10**30}, 422),
    ("authorize", {**ASKED, "cache_write_tokens": 2000}, 422),
    ("authorize", {**ASKED, "max_output_tokens": "many"}, 422),
    ("authorize", {**ASKED, "request_id": ""}, 422),
    ("authorize", {**ASKED, "request_id": "a\u0000b"}, 422),
    ("authorize", [], 422),
    ("settle", {"hold_id": "h-none", "usage": USED}, 404),
    ("settle", {"hold_id": "h-none", "usage": 7}, 422),
    ("lease", {"workload": "search", "usd": "-1", "ttl_seconds": 60}, 422),
    ("lease", {"workload": "search", "usd": "NaN", "ttl_seconds": 60}, 422),
    ("lease", {"workload": "search", "usd": "1", "ttl_seconds": 0}, 422),
    ("lease/l-none/settle", {"usage": []}, 404),
)
"""Path, body, status."""


async def test_what_cannot_be_is_refused_with_a_reason(door: Door) -> None:
    for path, body, status in CANNOT_BE:
        assert (await door.post(path, body, expect=status))["error"], (path, body)


async def test_unknown_envelopes_are_not_found(door: Door) -> None:
    assert "Did you mean search?" in (await door.get("/v1/envelopes/serch", expect=404))["error"]
    assert "has no envelope" in (await door.get("/v1/envelopes/unattributed", expect=404))["error"]


async def test_a_token_without_the_scope_may_neither_ask_nor_read(door: Door) -> None:
    token = await create_token(door.uow, "sender", frozenset({"usage"}), by="U0FARAH", now=NOON)
    door.client.headers["Authorization"] = f"Bearer {token}"

    await door.post("authorize", ASKED, expect=403)
    await door.get("/v1/envelopes", expect=403)
    door.client.headers["Authorization"] = "Bearer nonsense"
    await door.post("authorize", ASKED, expect=401)


async def test_a_revoked_token_stops_within_a_moment(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    await door.post("authorize", ASKED)
    await revoke_token(door.uow, "gateway", by="U0FARAH", now=NOON)

    monkeypatch.setattr("bot.web.gate.REMEMBERED_SECONDS", 0.0)

    await door.post("authorize", ASKED, expect=401)


async def test_bodies_are_bounded_and_may_be_compressed(door: Door) -> None:
    packed = gzip.compress(json.dumps(ASKED).encode())

    large = await door.client.post("/v1/guard/authorize", content=b" " * 70_000)
    small = await door.client.post("/v1/guard/authorize", content=packed, headers={"Content-Encoding": "gzip"})

    assert large.status_code == 413
    assert (small.status_code, small.json()["decision"]) == (200, "allow")


async def test_other_methods_and_paths_are_left_to_the_app(door: Door) -> None:
    assert (await door.client.get("/v1/guard/authorize")).status_code == 405
    assert (await door.client.post("/v1/guard/nothing")).status_code == 404


async def test_envelopes_carry_the_kept_forecast(door: Door) -> None:
    await door.post("settle", {"hold_id": (await door.post("authorize", ASKED))["hold_id"], "usage": USED})
    before = (await door.get("/v1/envelopes/search"))["forecast"]

    await refresh_forecasts(door.uow, now=NOON)
    after = (await door.get("/v1/envelopes/search"))["forecast"]

    assert set(before.values()) == {None}
    assert float(after["p10_usd"]) <= float(after["p50_usd"]) <= float(after["p90_usd"])
    assert (0 <= after["breach_probability"] <= 1, bool(after["method"])) == (True, True)
