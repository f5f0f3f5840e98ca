"""Refusals as HTTP answers: one status per kind of refusal, the reason in `error`."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot import request_id
from core.errors import BadToken, BudgetError, MissingScope, Overloaded, TooLarge, UnknownName

log = logging.getLogger(__name__)

_STATUS: dict[type[BudgetError], int] = {
    BadToken: 401,
    MissingScope: 403,
    UnknownName: 404,
    TooLarge: 413,
    Overloaded: 503,
}

RETRYING = frozenset({"/v1/traces", "/v1/logs", "/v1/metrics", "/v1/litellm"})
"""Paths whose senders are exporters that cannot read a sentence; only the status makes them do the right thing."""


_OUTAGES = ("08", "3D", "53", "57")
"""Classes of SQLSTATE (PostgreSQL, appendix A): connection, unknown database, no resources, shut down by an operator."""


def is_outage(failure: Exception) -> bool:
    """Whether the database is away or full, which passes, rather than refusing a statement, which does not."""
    if isinstance(failure, InterfaceError | OperationalError | PoolTimeout | ConnectionError):
        return True
    state = getattr(failure.orig, "sqlstate", None) if isinstance(failure, DBAPIError) else None
    return isinstance(failure, DBAPIError) and (failure.connection_invalidated or (state or "")[:2] in _OUTAGES)


def refusal(refused: BudgetError) -> JSONResponse:
    """The answer to somebody whose call was refused."""
    status = next((code for kind, code in _STATUS.items() if isinstance(refused, kind)), 422)
    headers = {401: {"WWW-Authenticate": 'Bearer realm="outlay"'}, 503: {"Retry-After": "2"}}.get(status)
    body = {"error": refused.message}
    if known := request_id.current.get():
        body["reference"] = known
    return JSONResponse(body, status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Teach the app to answer refusals, and anything unforeseen with a reference number."""

    @app.exception_handler(BudgetError)
    async def refuse(_: Request, refused: BudgetError) -> JSONResponse:
        return refusal(refused)

    @app.exception_handler(404)
    async def find_nothing(request: Request, _: Exception) -> JSONResponse:
        path = request.url.path
        text = f"There is nothing at {path[:100]}. Usage goes to /v1/traces, /v1/litellm or /v1/usage; /docs lists everything."
        if path.rstrip("/").endswith(("/v1/traces", "/v1/logs", "/v1/metrics")):
            text = (
                f"There is nothing at {path[:100]}. Exporters put /v1/traces behind OTEL_EXPORTER_OTLP_ENDPOINT themselves: "
                f"set it to {str(request.base_url).rstrip('/')}, without a path."
            )
        return JSONResponse({"error": text}, status_code=404)

    @app.exception_handler(Exception)
    async def fail(request: Request, failure: Exception) -> JSONResponse:
        reference = request_id.reference()
        log.error("request_failed", exc_info=failure, extra={"reference": reference, "path": request.url.path})
        text = f"Something went wrong on our side; nothing was recorded. Send it again, or report the reference {reference}."
        # Exporters send again after 503 and drop the batch after 500 (OTLP/HTTP, and LiteLLM from 500 on).
        status = 503 if request.url.path.rstrip("/") in RETRYING or is_outage(failure) else 500
        # This answer goes past the middleware that adds the id to all others.
        headers = {request_id.HEADER: reference, **({"Retry-After": "5"} if status == 503 else {})}
        return JSONResponse({"error": text, "reference": reference}, status_code=status, headers=headers)
