"""The bytes of files: the upload step in the middle, and `url_private`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from sandbox.company import BOT_TOKEN
from sandbox.webapi.call import token_of
from sandbox.webapi.files import UPLOAD_BYTES

if TYPE_CHECKING:
    from sandbox.bench import Bench

UPLOAD = "upload"  # Its name in faults and in the log.


async def take_upload(bench: Bench, request: Request) -> Response:
    """The second step of an upload: the bytes, raw or as a form field. An address is good once."""
    fault = await bench.struck(UPLOAD)
    if fault is not None and fault.kind in {"429", "500"}:
        status, said = int(fault.kind), "try again"
    else:
        status, said = await _store(bench, request)
    request.state.sandbox_cut = fault is not None and fault.kind == "lost"
    bench.traffic.add(
        "api",
        ok=status == 200,
        ms=0.0,
        method=UPLOAD,
        status=status,
        fault=fault.kind if fault else None,
        response=said,
    )
    return PlainTextResponse(said, status)


async def _store(bench: Bench, request: Request) -> tuple[int, str]:
    file = bench.workspace.files.get(bench.tickets.take_upload(request.path_params["ticket"]))
    if file is None:
        return 404, "upload not found"
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form()
        parts = [part for part in form.values() if not isinstance(part, str)]
        content = await parts[0].read() if parts else b""
    else:
        content = await request.body()
    if not content or len(content) > UPLOAD_BYTES:
        return 400, "bad size"
    file.content = content
    return 200, f"OK - {len(content)}"


def read_private_file(bench: Bench, request: Request) -> Response:
    """`url_private`: with the bot token and files:read the file; without, a page to sign in, as Slack answers."""
    file = bench.workspace.files.get(request.path_params["id"])
    allowed = token_of(request, {}) == BOT_TOKEN and not bench.grants.revoked and "files:read" in bench.grants.scopes
    if file is None or not allowed:
        return RedirectResponse("/")
    return Response(file.content, media_type=file.mimetype)
