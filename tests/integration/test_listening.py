"""The address that the bot listens on."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from bot.service import Service
from tests.support.api import api_settings
from tests.support.books import NOON


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
async def test_every_ipv6_address_means_the_older_ones_too(tmp_path: Path) -> None:
    settings = api_settings(f"sqlite:///{tmp_path}/outlay.db").model_copy(update={"outlay_host": "::"})
    service = Service(settings, clock=lambda: NOON)
    await service.start()
    try:
        assert service.url.startswith("http://[::]:")
        port = service.url.rpartition(":")[2]
        async with httpx.AsyncClient() as client:
            answers = [await client.get(f"http://{name}:{port}/healthz") for name in ("[::1]", "127.0.0.1")]
        assert [answer.status_code for answer in answers] == [200, 200]
    finally:
        await service.stop()
