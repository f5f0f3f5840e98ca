"""The conformance suite: each case is a claim about Slack with the address of the page it was read from."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from tests.sandbox.apps import new_app


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "documented(address): the page that says so")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A claim without its page is an opinion: every case here must be marked."""
    for item in items:
        if "tests/sandbox/test_slack_" in str(item.path) and item.get_closest_marker("documented") is None:
            raise pytest.UsageError(f"{item.nodeid} names no documentation address")


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(rate_limit=None, retry_seconds=(0.0, 0.05, 0.1), quiet_seconds=0.05) as running:
        yield running


@pytest.fixture
def api(box: Sandbox) -> AsyncWebClient:
    """The SDK as a bot uses it, without retries of its own."""
    return AsyncWebClient(token=box.bot_token, base_url=box.api_url, retry_handlers=[])


@pytest.fixture
async def control(box: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{box.url}/_sandbox/", timeout=30) as client:
        yield client


@pytest.fixture
def app(box: Sandbox) -> AsyncApp:
    return new_app(box)


@pytest.fixture
def ana(box: Sandbox) -> Person:
    return Person(box.url, "U0ANA")
