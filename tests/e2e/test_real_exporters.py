"""Real exporters: the OpenTelemetry SDK with a current GenAI instrumentation, driven against a fake provider.

The totals in the books have to be exact, through restarts of Outlay and through its 503s.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from bot.service import Service
from core.services.keep_books import check_books
from tests.support.api import api_settings, running_api

CALLS = 20
VISIBLE = 300 - 192
"""Output tokens of a call that are not reasoning; the books keep the two apart."""
APP = textwrap.dedent(
    """
    import sys
    from openai import OpenAI
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    outlay, token, provider, calls = sys.argv[1:]
    resource = Resource.create({"service.name": "support-bot", "deployment.environment.name": "production", "team": "support"})
    tracing = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=f"{outlay}/v1/traces", headers={"authorization": f"Bearer {token}"}, timeout=30)
    tracing.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=3, schedule_delay_millis=50))
    trace.set_tracer_provider(tracing)
    OpenAIInstrumentor().instrument()
    client = OpenAI(api_key="sk-test", base_url=provider, max_retries=0)
    for number in range(int(calls)):
        client.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": f"secret question {number}"}])
    tracing.force_flush(60_000)
    tracing.shutdown()
    """
)


@asynccontextmanager
async def a_provider() -> AsyncIterator[str]:
    """Answers chat completions with fixed token counts and an id of its own for each."""
    answered = 0

    async def complete(_: web.Request) -> web.Response:
        nonlocal answered
        answered += 1
        usage = {
            "prompt_tokens": 2006, "completion_tokens": 300, "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920}, "completion_tokens_details": {"reasoning_tokens": 192},
        }  # fmt: skip
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "secret answer"}}
        body = {
            "id": f"chatcmpl-real-{answered}", "object": "chat.completion", "created": 1795447236, "model": "gpt-4.1-2025-04-14",
            "choices": [choice], "usage": usage, "service_tier": "default",
        }  # fmt: skip
        return web.json_response(body)

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def a_rough_road(target: list[str]) -> AsyncIterator[str]:
    """A way to Outlay on which every second request meets a 503, and every fifth answer is lost after it was served.

    `target` holds Outlay's address; empty while it restarts, and then nobody answers.
    """
    seen = 0

    async def pass_on(request: web.Request) -> web.Response:
        nonlocal seen
        seen += 1
        body = await request.read()
        if seen % 2 == 0 or not target:
            return web.Response(status=503, headers={"Retry-After": "1"})
        async with httpx.AsyncClient(timeout=30) as client:
            headers = {
                name: request.headers[name]
                for name in ("authorization", "content-type", "content-encoding")
                if name in request.headers
            }
            answer = await client.post(f"{target[0]}{request.path}", content=body, headers=headers)
        if seen % 5 == 0:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response(status=answer.status_code, body=answer.content, content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", pass_on)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def run_app(outlay: str, token: str, provider: str) -> str:
    """The instrumented program, to its end; what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", APP, outlay, token, provider, str(CALLS), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0, printed.decode()
    return printed.decode()


@pytest.mark.long
async def test_totals_are_exact_through_503s_lost_answers_and_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'outlay.db'}"
    now = datetime.now(UTC)  # the program is a real one and has the clock of its machine
    target: list[str] = []
    async with a_provider() as provider, a_rough_road(target) as road:
        async with running_api(url, now) as first:
            target.append(first.service.url)
            program = asyncio.create_task(run_app(road, first.tokens["usage"], provider))
            while not (await check_books(first.service.uow)).events[0]:
                assert not program.done(), await program
                await asyncio.sleep(0.05)
            target.clear()
        async with running_again(url, now) as second:
            target.append(second.url)
            await program
            agreement = await check_books(second.uow)
            async with second.uow.read() as tx:
                (labels,) = (await tx.series.all()).values()

    assert agreement.holds
    assert (agreement.events[0], agreement.events[2]) == (CALLS, CALLS * VISIBLE)
    assert dict(labels.tags).items() >= {"environment": "production", "team": "support"}.items()
    assert "secret" not in json.dumps([labels.model, *labels.tags])


@asynccontextmanager
async def running_again(url: str, now: datetime) -> AsyncIterator[Service]:
    """The same books and tokens, served by a new instance on another port."""
    service = Service(api_settings(url), clock=lambda: now)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()
