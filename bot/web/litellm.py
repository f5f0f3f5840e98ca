"""`POST /v1/litellm`: batches of LiteLLM's `generic_api` callback.

LiteLLM drops a batch after any answer below 500 that is no success, 429 included, and sends again from 500 on when its
`max_retries` says so. So whatever can be kept is kept and answered with 200, and our own trouble is a 503.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Request, Response

from bot.web.inlet import Inlet

MAX_BODY: Final = 64 << 20
"""A full batch of 512 events is 6 MB before any metadata of one's own."""


def litellm_router(inlet: Inlet) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["usage"])

    @router.post("/litellm/", include_in_schema=False)
    @router.post(
        "/litellm",
        summary="Take in LiteLLM's generic API callback",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"anyOf": [{"type": "array"}, {"type": "object"}]}}},
            }
        },
        responses={
            200: {"description": "Everything usable is in the books; refused items are listed"},
            401: {"description": "Token missing, unknown, expired or revoked"},
            403: {"description": "Token lacks the scope `usage`"},
            413: {"description": "Over 64 MiB"},
            422: {"description": "Not JSON as a whole"},
            503: {"description": "Busy; LiteLLM sends it again when max_retries is set"},
        },
    )
    async def record(request: Request, authorization: Annotated[str | None, Header()] = None) -> Response:
        source = await inlet.source(authorization)
        async with inlet.body(request, MAX_BODY) as body:
            receipt, taken = await inlet.take(source, body, "litellm", "litellm")
        rejected: list[dict[str, Any]] = [{"index": index, "error": error} for index, error in taken.refused]
        rejected += [{"id": taken.records[place].source_key, "error": error} for place, error in receipt.rejected]
        answer = {
            "accepted": receipt.accepted, "duplicates": receipt.duplicates, "ignored": taken.ignored, "rejected": rejected,
        }  # fmt: skip
        return Response(msgspec.json.encode(answer), media_type="application/json")

    return router
