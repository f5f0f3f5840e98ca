"""A stand-in for OpenAI's and Anthropic's organization APIs over real HTTP, as documented in November 2026.

It checks keys, versions and parameters as they do, pages by its own mind, leaves out what old buckets leave out, and fails
on request. It reads nothing but the ledger, so what it says is what happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support import provider_anthropic, provider_openai
from tests.support.provider_ledger import Ledger
from tests.support.provider_page import Refused

OPENAI_KEY = "sk-admin-test-0123456789abcdef"
ANTHROPIC_KEY = "sk-ant-admin01-test-0123456789abcdef"


@dataclass
class Fault:
    """What one request gets in the place of its answer. `kind` is `status`, `hang_up`, `garbage` or `none`."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "status"


@dataclass
class ProviderApi:
    """One organization at both providers.

    Attributes:
      page_size: buckets or rows on a page at most, whatever the limit asks for; providers may do so.
      details_from: Unix seconds; older buckets of OpenAI lack the optional fields.
      has_analytics: whether Anthropic's Analytics API is there, or only the older one.
      faults: taken by the next requests, in order.
      asked: (path, query pairs) of every request that had the right key.
    """

    ledger: Ledger = field(default_factory=Ledger)
    page_size: int = 1000
    details_from: int = 0
    has_analytics: bool = True
    discount: str = "0"
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    url: str = ""

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    def fail(self, *statuses: int, **headers: str) -> None:
        self.faults += [
            Fault(status, {name.replace("_", "-"): value for name, value in headers.items()}) for status in statuses
        ]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        is_openai = request.path.startswith("/v1/organization/")
        fault = self.faults.popleft() if self.faults else Fault(kind="none")
        if fault.kind != "none":
            if fault.kind == "hang_up":
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            if fault.kind == "garbage":
                return web.Response(text="<html>a proxy's error page</html>", content_type="text/html")
            return web.json_response({"error": {"type": "server_error"}}, status=fault.status, headers=fault.headers)
        try:
            self._check_key(request, is_openai=is_openai)
            query = list(request.query.items())
            self.asked.append((request.path, query))
            body = (provider_openai if is_openai else provider_anthropic).answer(self, request.path, query)
        except Refused as refused:
            error: dict[str, Any] = {"type": refused.kind, "message": refused.message}
            error |= {"code": refused.kind} if is_openai else {}
            whole = {"error": error} if is_openai else {"type": "error", "error": error}
            return web.json_response(whole, status=refused.status)
        return web.Response(body=body, content_type="application/json")

    def _check_key(self, request: web.Request, *, is_openai: bool) -> None:
        if is_openai:
            key = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if key != OPENAI_KEY:
                # OpenAI quotes the key in its sentence; ours must not.
                raise Refused(401, "invalid_api_key", f"Incorrect API key provided: {key}.")
            return
        if request.headers.get("x-api-key") != ANTHROPIC_KEY:
            raise Refused(401, "authentication_error", f"invalid x-api-key {request.headers.get('x-api-key')}")
        if request.headers.get("anthropic-version") != "2023-06-01":
            raise Refused(400, "invalid_request_error", "anthropic-version: header is required")
        if "/analytics/" in request.path:
            if not self.has_analytics:
                raise Refused(404, "not_found_error", "Not found")
            if request.headers.get("anthropic-beta") != "analytics-usage-cost-2026-08-24":
                raise Refused(400, "invalid_request_error", "this endpoint needs its beta header")


@asynccontextmanager
async def running(api: ProviderApi) -> AsyncIterator[ProviderApi]:
    """The API on a free port of this machine."""
    app = web.Application()
    app.router.add_get("/{path:.*}", api.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    api.url = f"http://{host}:{port}"
    try:
        yield api
    finally:
        await runner.cleanup()
