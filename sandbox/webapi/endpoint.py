"""`/api/<method>`: token, faults, scopes and rate limit before the method; the log after it."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Fault
from sandbox.model import Json
from sandbox.webapi import auth, chat, conversations, files, users, views  # noqa: F401  They register their methods.
from sandbox.webapi.call import METHODS, Call, Method, SlackError, missing_scope, read_arguments, token_of

if TYPE_CHECKING:
    from sandbox.bench import Bench

RATE_LIMITED = {"chat.postMessage"}
FAULT_ERRORS = {"gone": "channel_not_found", "revoked": "token_revoked"}


async def answer_api(bench: Bench, request: Request) -> Response:
    """Runs one Web API call and answers as Slack does: status 200 for refusals too, 429 and 500 by fault or rate."""
    started = time.perf_counter()
    name: str = request.path_params["method"]
    args: Json = {}
    fault: Fault | None = None
    retry_after = 0
    status = 200
    try:
        args = await read_arguments(request)
        method, call = _admitted(bench, name, args, token_of(request, args))
        fault = await bench.struck(name)
        retry_after = _wait(bench, call, fault)
        if retry_after:
            status, body = 429, _refusal("ratelimited")
        elif fault is not None and fault.kind == "500":
            status, body = 500, _refusal("internal_error")
        elif fault is not None and fault.kind in FAULT_ERRORS:
            body = _refusal(FAULT_ERRORS[fault.kind])
        else:
            body = {"ok": True, **method.run(bench, call)}
    except SlackError as refused:
        body = _refusal(refused.code, **refused.rest)
    request.state.sandbox_cut = fault is not None and fault.kind == "lost"
    args.pop("token", None)
    bench.traffic.add(
        "api",
        ok=body["ok"],
        ms=(time.perf_counter() - started) * 1000,
        method=name,
        channel=args.get("channel"),
        user=args.get("user") or args.get("user_id"),
        status=status,
        error=body.get("error"),
        fault=fault.kind if fault else None,
        request=args,
        response=body,
    )
    return JSONResponse(body, status, headers=_headers(bench, name, retry_after))


def _admitted(bench: Bench, name: str, args: Json, token: str | None) -> tuple[Method, Call]:
    """The method and the call. Raises SlackError for an unknown method, a bad token or a missing scope."""
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    if method.caller == "none":
        return method, Call(name, args, "")
    if token is None:
        raise SlackError("not_authed")
    kind = bench.grants.tokens.get(token)
    if kind is None:
        raise SlackError("invalid_auth")
    if bench.grants.revoked:
        raise SlackError("token_revoked")
    if kind != method.caller and name != "auth.test":
        raise SlackError("not_allowed_token_type")
    if method.scopes and not bench.grants.scopes.intersection(method.scopes):
        raise missing_scope(bench, method.scopes[0])
    return method, Call(name, args, token)


def _wait(bench: Bench, call: Call, fault: Fault | None) -> int:
    """Seconds the app is told to wait; 0 lets the call through."""
    if fault is not None and fault.kind == "429":
        return max(1, round(fault.seconds))
    if bench.rate is None or call.method not in RATE_LIMITED:
        return 0
    return bench.rate.wait_seconds(str(call.args.get("channel")))


def _refusal(code: str, **rest: object) -> Json:
    return {"ok": False, "error": code, **rest}


def _headers(bench: Bench, name: str, retry_after: int) -> dict[str, str]:
    headers = {
        "X-Slack-Req-Id": f"{time.time_ns():x}",
        "X-OAuth-Scopes": ",".join(sorted(bench.grants.scopes)),
        "Date": formatdate(usegmt=True),  # the machine's, as any server's; a story's clock is not Slack's
    }
    method = METHODS.get(name)
    if method is not None and method.scopes:
        headers["X-Accepted-OAuth-Scopes"] = ",".join(method.scopes)
    if retry_after:
        headers["Retry-After"] = str(retry_after)
    return headers
