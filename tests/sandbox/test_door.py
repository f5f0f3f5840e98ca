"""Who may talk to the sandbox: this machine, and pages of its own."""

from __future__ import annotations

import socket

import aiohttp
import httpx
import pytest

from sandbox import Sandbox


async def test_it_listens_on_loopback_only(box: Sandbox) -> None:
    port = int(box.url.rpartition(":")[2])
    assert box.url.startswith("http://127.0.0.1:")
    hosts = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, family=socket.AF_INET)}
    for host in hosts - {"127.0.0.1", "127.0.1.1"}:
        with pytest.raises(OSError), socket.create_connection((str(host), port), timeout=1):
            pass


@pytest.mark.parametrize("path", ["/", "/_sandbox/state", "/_sandbox/log", "/api/api.test", "/static/js/main.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
    ],
)
async def test_other_origins_and_hosts_are_refused(box: Sandbox, path: str, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(box.url + path, headers=headers)).status_code == 403


async def test_another_port_of_this_machine_is_another_origin(box: Sandbox) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{box.url}/_sandbox/command", headers={"Origin": "http://127.0.0.1:1"}, json={})
    assert answer.status_code == 403


async def test_its_own_page_is_let_in(box: Sandbox) -> None:
    async with httpx.AsyncClient() as client:
        own = await client.get(f"{box.url}/_sandbox/state", headers={"Origin": box.url})
        named = await client.get(
            f"{box.url}/_sandbox/state", headers={"Host": box.url.replace("http://127.0.0.1", "localhost")}
        )
    assert (own.status_code, named.status_code) == (200, 200)


async def test_a_socket_from_another_origin_is_refused(box: Sandbox) -> None:
    url = f"{box.url.replace('http', 'ws', 1)}/socket/{box.bench.socket.new_ticket()}"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url, origin="https://evil.example")
        async with session.ws_connect(url, origin=box.url) as ws:
            assert (await ws.receive_json())["type"] == "hello"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe"])
async def test_a_broken_order_is_a_clear_refusal(box: Sandbox, body: bytes) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{box.url}/_sandbox/command", content=body)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False
