"""Refusals as HTTP answers: one status per kind of refusal, the reason in `error`."""

from __future__ import annotations

import logging
import secrets

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from core.errors import BadToken, BudgetError, MissingScope, Overloaded, TooLarge, UnknownName

log = logging.getLogger(__name__)

_STATUS: dict[type[BudgetError], int] = {
    BadToken: 401,
    MissingScope: 403,
    UnknownName: 404,
    TooLarge: 413,
    Overloaded: 503,
}


def install(app: FastAPI) -> None:
    """Teach the app to answer refusals, and anything unforeseen with a reference number."""

    @app.exception_handler(BudgetError)
    async def refuse(_: Request, refused: BudgetError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(refused, kind)), 422)
        headers = {401: {"WWW-Authenticate": 'Bearer realm="outlay"'}, 503: {"Retry-After": "2"}}.get(status)
        return JSONResponse({"error": refused.message}, status_code=status, headers=headers)

    @app.exception_handler(Exception)
    async def fail(request: Request, failure: Exception) -> JSONResponse:
        reference = secrets.token_hex(4)
        log.error("request_failed", exc_info=failure, extra={"reference": reference, "path": request.url.path})
        text = f"Something went wrong on our side; nothing was recorded. Send it again, or report the reference {reference}."
        return JSONResponse({"error": text, "reference": reference}, status_code=500)
