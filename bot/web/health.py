"""Liveness, readiness, Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from bot.web.metrics import BookMetrics
from bot.wiring import Clock
from core.store.unit_of_work import UnitOfWork


def health_router(uow: UnitOfWork, clock: Clock) -> APIRouter:
    books = BookMetrics(uow, clock)
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="The process answers")
    async def alive() -> dict[str, str]:
        return {"status": "ok"}

    @router.get(
        "/readyz", summary="The books can be read", responses={503: {"description": "The database does not answer"}}
    )
    async def ready(response: Response) -> dict[str, str]:
        try:
            async with uow.read() as tx:
                await tx.meta.version()
        except (SQLAlchemyError, OSError) as unreachable:
            response.status_code = 503
            return {"status": "database", "error": type(unreachable).__name__}
        return {"status": "ok"}

    @router.get("/metrics", summary="Prometheus metrics")
    async def metrics() -> Response:
        await books.refresh()
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router
