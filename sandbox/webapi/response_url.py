"""`/response/<ticket>`: messages through a response URL."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.model import Json
from sandbox.responses import respond
from sandbox.tickets import TicketRefused
from sandbox.webapi.call import SlackError, read_arguments

if TYPE_CHECKING:
    from sandbox.bench import Bench

NAME = "response_url"
FAULTS: dict[str, tuple[int, Json]] = {
    "429": (429, {"ok": False, "error": "ratelimited"}),
    "500": (500, {"ok": False, "error": "internal_error"}),
    "gone": (404, {"ok": False, "error": "channel_not_found"}),
    "revoked": (404, {"ok": False, "error": "expired_url"}),
}


async def answer_response_url(bench: Bench, request: Request) -> Response:
    """One use of a response URL: 404 when it is used up or too old, 400 for a message Slack would not take."""
    started = time.perf_counter()
    sent: Json = {}
    channel = None
    fault = await bench.struck(NAME)
    try:
        sent = await read_arguments(request)
        if fault is not None and fault.kind in FAULTS:
            status, body = FAULTS[fault.kind]
        else:
            url = bench.tickets.use_response_url(request.path_params["ticket"])
            channel = url.channel
            respond(bench, url, sent)
            status, body = 200, {"ok": True}
    except TicketRefused as refused:
        status, body = 404, {"ok": False, "error": refused.code}
    except SlackError as refused:
        status, body = 400, {"ok": False, "error": refused.code, **refused.rest}
    request.state.sandbox_cut = fault is not None and fault.kind == "lost"
    bench.traffic.add(
        "response_url",
        ok=body["ok"],
        ms=(time.perf_counter() - started) * 1000,
        type=NAME,
        status=status,
        channel=channel,
        error=body.get("error"),
        fault=fault.kind if fault else None,
        request=sent,
    )
    headers = {"Retry-After": str(round(fault.seconds))} if fault and fault.kind == "429" else None
    return JSONResponse(body, status, headers)
