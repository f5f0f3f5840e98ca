"""Hostile and clumsy requests over real HTTP: bodies, encodings, tokens, methods. Never a 500, never a good event lost."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest

from bot.web.usage import MAX_BODY
from core.intake.native import MAX_EVENTS
from core.services.manage_tokens import create_token
from tests.support.api import Api
from tests.support.books import FARAH, NOON, a_payload, agreed
from tests.support.tables import number_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT_JSON = "The body is not JSON"
BODIES: list[tuple[str, bytes, int, str]] = [
    ("nothing", b"", 422, NOT_JSON),
    ("blanks", b" \r\n\t ", 422, NOT_JSON),
    ("words", b"hello", 422, NOT_JSON),
    ("a form", b"id=1&model=gpt", 422, NOT_JSON),
    ("markup", b"<usage/>", 422, NOT_JSON),
    ("a table", b"id,at,provider,model\n1,2,3,4", 422, NOT_JSON),
    ("null", b"null", 422, NOT_JSON),
    ("a number", b"42", 422, NOT_JSON),
    ("a text", b'"usage"', 422, NOT_JSON),
    ("an array that does not end", b'[{"id": "a"}', 422, NOT_JSON),
    ("an array and more", b"[] []", 422, NOT_JSON),
    ("a hundred thousand brackets", b"[" * 100_000, 422, NOT_JSON),
    ("UTF-16", json.dumps([a_payload()]).encode("utf-16"), 422, NOT_JSON),
    ("zero bytes", b"\x00" * 100, 422, NOT_JSON),
    ("a gzip file that says nothing of it", gzip.compress(b"[]"), 422, NOT_JSON),
    ("one event too many", b"[" + b",".join([b"{}"] * (MAX_EVENTS + 1)) + b"]", 413, "50,001 events in one request"),
    ("one line too many", b"{}\n" * (MAX_EVENTS + 1), 413, "50,001 events in one request"),
    ("a body over the limit", b"[" + b" " * MAX_BODY + b"]", 413, "The body is larger than 32 MiB"),
]
"""(name, body, status, beginning of the error) of bodies that are refused as a whole."""

_GOOD = json.dumps([a_payload(id="zipped")]).encode()
ZIPPED: list[tuple[str, bytes, str, int, str]] = [
    ("no gzip at all", b"[]", "gzip", 422, "The body says gzip, but it is not"),
    ("half a gzip file", gzip.compress(_GOOD)[:-9], "gzip", 422, "The gzip body ends too early"),
    ("a gzip file with one bit turned", gzip.compress(_GOOD)[:-6] + b"\x00" + gzip.compress(_GOOD)[-5:], "gzip", 422, "The body says gzip"),
    ("a bomb of blanks", b"", "gzip", 413, "The body is larger than 32 MiB"),
    ("half a deflated body", zlib.compress(_GOOD)[:-9], "deflate", 422, "The deflate body ends too early"),
    ("an encoding that is not understood", b"\x28\xb5\x2f\xfd", "zstd", 422, "Content-Encoding zstd is not understood; send gzip"),
    ("two encodings", gzip.compress(_GOOD), "gzip, gzip", 422, "Content-Encoding gzip, gzip is not understood"),
]  # fmt: skip

TOKENS: list[tuple[str, dict[str, str], int, str]] = [
    ("no token", {}, 401, "Send the ingest token as `Authorization: Bearer"),
    ("an empty token", {"Authorization": "Bearer"}, 401, "Send the ingest token"),
    ("another scheme", {"Authorization": "Basic b3V0bGF5OnB3"}, 401, "Send the ingest token"),
    ("an unknown token", {"Authorization": "Bearer outlay_nobody-made-this"}, 401, "This token is not known"),
    ("a Slack token", {"Authorization": "Bearer xoxb-1-2"}, 401, "This token is not known"),
    ("a token of 8 000 characters", {"Authorization": "Bearer " + "x" * 8000}, 401, "This token is not known"),
    ("SQL for a token", {"Authorization": "Bearer ' OR '1'='1"}, 401, "This token is not known"),
    ("an expired token", {"Authorization": "Bearer {expired}"}, 401, "The token expired expired on 2026-11-23"),
    ("a revoked token", {"Authorization": "Bearer {revoked}"}, 401, "The token revoked was revoked"),
    ("a token without the scope", {"Authorization": "Bearer {reader}"}, 403, "The token reader may not do this"),
]


def error_of(answer: Any) -> str:
    return str(answer.json()["error"])


@pytest.mark.parametrize(("body", "status", "error"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
async def test_a_body_that_is_none_is_refused_as_a_whole(api: Api, body: bytes, status: int, error: str) -> None:
    answer = await api.sends(body)

    assert answer.status_code == status
    assert error_of(answer).startswith(error)


@pytest.mark.parametrize(
    ("body", "encoding", "status", "error"), [row[1:] for row in ZIPPED], ids=[row[0] for row in ZIPPED]
)
async def test_a_compressed_body_that_is_none_is_refused(
    api: Api, body: bytes, encoding: str, status: int, error: str
) -> None:
    bomb = body or gzip.compress(b" " * (4 * MAX_BODY), compresslevel=1)

    answer = await api.sends(bomb, headers={"Content-Encoding": encoding})

    assert answer.status_code == status
    assert error_of(answer).startswith(error)


@pytest.mark.parametrize(("headers", "status", "error"), [row[1:] for row in TOKENS], ids=[row[0] for row in TOKENS])
async def test_a_token_that_does_not_hold_lets_nothing_in(
    api: Api, headers: dict[str, str], status: int, error: str
) -> None:
    filled = {name: value.format(**api.tokens) if "{" in value else value for name, value in headers.items()}

    answer = await api.sends([a_payload()], token=None, headers=filled)

    assert answer.status_code == status
    assert error_of(answer).startswith(error)
    assert (answer.headers.get("WWW-Authenticate") is not None) == (status == 401)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/usage", 405), ("PUT", "/v1/usage", 405), ("DELETE", "/v1/usage", 405), ("PATCH", "/v1/usage", 405),
     ("POST", "/v1/usage/", 401), ("POST", "/v1/nothing", 404), ("GET", "/../etc/passwd", 404), ("POST", "/healthz", 405)],
)  # fmt: skip
async def test_other_methods_and_paths_do_nothing(api: Api, method: str, path: str, status: int) -> None:
    answer = await api.client.request(method, path, json=[a_payload()])

    assert answer.status_code == status


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(json.dumps([a_payload()]).encode()), id="zipped"),
        pytest.param(
            b"".join(gzip.compress(json.dumps(a_payload()).encode() + b"\n") for _ in range(3)), id="three zips joined"
        ),
        pytest.param(gzip.compress(json.dumps([a_payload()]).encode() + b" " * (20 << 20)), id="mostly blanks"),
    ],
)
async def test_a_compressed_body_is_read_to_its_end(api: Api, body: bytes) -> None:
    answer = await api.sends(body, headers={"Content-Encoding": "gzip"})

    assert answer.json()["accepted"] == gzip.decompress(body).count(b'"id"')


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "text/plain; charset=latin-1", "x"])
async def test_what_the_content_type_says_makes_no_difference(api: Api, kind: str) -> None:
    answer = await api.sends([a_payload()], headers={"Content-Type": kind})

    assert answer.json()["accepted"] == 1


async def test_broken_json_on_line_seven_costs_line_seven(api: Api) -> None:
    lines = [json.dumps(a_payload()) for _ in range(10)]
    lines[6] = lines[6][:40]

    answer = (await api.sends("\r\n".join(lines).encode())).json()

    assert (answer["accepted"], [refusal["index"] for refusal in answer["rejected"]]) == (9, [6])


async def test_a_body_of_ten_megabytes_is_taken(api: Api) -> None:
    tags = {f"t{number}": "x" * 200 for number in range(16)}
    events = [a_payload(tags=tags) for _ in range(3000)]

    answer = await api.sends(events)

    assert len(answer.request.content) > 10 << 20
    assert answer.json()["accepted"] == 3000


async def test_a_sender_that_hangs_up_halfway_leaves_nothing_behind(api: Api) -> None:
    url = api.client.base_url
    before = await number_of(api.service.uow, "SELECT count(*) FROM usage_events")
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /v1/usage HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.tokens['usage']}\r\nContent-Length: 5000\r\n\r\n"
    writer.write(head.encode() + json.dumps([a_payload()]).encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await api.sends([])).status_code == 202
    assert await number_of(api.service.uow, "SELECT count(*) FROM usage_events") == before


async def test_a_token_stops_working_at_the_second_it_expires(api: Api) -> None:
    token = await create_token(api.service.uow, "short", frozenset({"usage"}), by=FARAH, now=NOON, days=1)
    try:
        api.now = NOON + timedelta(days=1, seconds=-1)
        assert (await api.sends([], token=token)).status_code == 202
        api.now = NOON + timedelta(days=1)
        assert (await api.sends([], token=token)).status_code == 401
    finally:
        api.now = NOON


async def test_the_token_itself_is_nowhere_in_the_books(api: Api) -> None:
    async with api.service.uow.read() as tx:
        sources = (await tx.connection.exec_driver_sql("SELECT * FROM sources")).all()
        audit = (await tx.connection.exec_driver_sql("SELECT * FROM audit_log")).all()

    assert not [token for token in api.tokens.values() if token in repr(sources) or token in repr(audit)]


async def test_the_answers_are_described(api: Api) -> None:
    described = (await api.client.get("/openapi.json")).json()["paths"]["/v1/usage"]["post"]["responses"]

    assert set(described) >= {"202", "401", "403", "413", "422", "503"}


async def test_afterwards_everything_that_was_accepted_is_in_the_books(api: Api) -> None:
    await api.sends([a_payload()])

    assert await number_of(api.service.uow, "SELECT count(*) FROM usage_events") == api.accepted
    await agreed(api.service.uow)
    assert (await api.client.get("/readyz")).json() == {"status": "ok"}
    assert b"outlay_usage_events_total" in (await api.client.get("/metrics")).content
