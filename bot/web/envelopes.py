"""`GET /v1/envelopes`: how every envelope stands, for dashboards and gateways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from bot.web.gate import Gate
from core.errors import UnknownName
from core.money import decimal_string
from core.services.read_envelopes import EnvelopeReading, read_envelope, read_envelopes
from core.store.forecast_rows import Foretold
from core.store.unit_of_work import UnitOfWork

_ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    401: {"description": "Token missing, unknown, expired or revoked"},
    403: {"description": "Token lacks the scope `read`"},
}
_FORECAST: Final = ("p10_usd", "p50_usd", "p90_usd", "breach_probability", "breach_on", "method")
"""All null while no forecast is made."""
_UNKNOWN: Final[dict[int | str, dict[str, Any]]] = {404: {"description": "No such workload, or it has no envelope"}}


def envelopes_router(uow: UnitOfWork, gate: Gate, clock: Callable[[], datetime]) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["envelopes"])

    @router.get("/envelopes", summary="Every envelope of the current cycle", responses=_ERRORS)
    async def all_of_them(request: Request) -> Response:
        await gate.source(request.headers.get("authorization"), "read")
        return _json([_shown(reading) for reading in await read_envelopes(uow, now=clock())])

    @router.get("/envelopes/{workload}", summary="One envelope", responses=_ERRORS | _UNKNOWN)
    async def one_of_them(workload: str, request: Request) -> Response:
        await gate.source(request.headers.get("authorization"), "read")
        reading = await read_envelope(uow, workload, now=clock())
        if reading is None:
            raise UnknownName(f"{workload} has no envelope. Set one with `/budget set {workload} AMOUNT`.")
        return _json(_shown(reading))

    return router


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _shown(reading: EnvelopeReading) -> dict[str, Any]:
    """`spent_usd` counts what the guard charged without usage, `unconfirmed_usd` says how much of it that is."""
    terms, used = reading.envelope.terms, reading.used
    return {
        "workload": reading.envelope.workload,
        "cycle": str(reading.cycle),
        "amount_usd": decimal_string(reading.size_nanos),
        "spent_usd": decimal_string(used.spent + used.charged),
        "unconfirmed_usd": decimal_string(used.charged),
        "held_usd": decimal_string(used.held),
        "forecast": _forecast(reading.foretold),
        "state": reading.state.value,
        "soft_share": terms.soft_share,
        "hard_share": terms.hard_share,
        "owner": terms.people.owner,
        "finance": terms.people.finance,
        "sponsor": terms.people.sponsor,
        "channel": terms.channel,
        "as_of": reading.as_of,
    }


def _forecast(made: Foretold | None) -> dict[str, Any]:
    """The kept forecast; `breach_on` is the first likely day, null below a chance of 5 %."""
    if made is None:
        return dict.fromkeys(_FORECAST)
    return {
        "p10_usd": decimal_string(made.p10_nanos),
        "p50_usd": decimal_string(made.p50_nanos),
        "p90_usd": decimal_string(made.p90_nanos),
        "breach_probability": made.breach_probability,
        "breach_on": made.breach_on[0] if made.breach_on else None,
        "method": made.method,
    }
