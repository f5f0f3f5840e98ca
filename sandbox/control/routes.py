"""The control endpoints under `/_sandbox`: what people do, and the knobs for tests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.bench import Bench
from sandbox.company import APP_ID
from sandbox.control.clicks import click
from sandbox.control.commands import run_command, write_message
from sandbox.control.events import EventStream
from sandbox.control.options import offer
from sandbox.control.people import Impossible, the_user
from sandbox.control.snapshot import MOST, NEWEST, clock, snapshot
from sandbox.control.submits import submit
from sandbox.deliveries import Delivery
from sandbox.faults import BadFault, Fault
from sandbox.model import Json
from sandbox.payloads import event
from sandbox.statuses import BadStatus, profile_fields, read_status
from sandbox.webapi.files import UPLOAD_BYTES, new_file
from sandbox.workspace import shown_user

Action = Callable[[Bench, Json], Awaitable[Json]]
INLINE = ("image/png", "image/jpeg", "image/gif", "image/webp")


def control_routes(bench: Bench) -> list[Route]:
    """Every route below `/_sandbox`."""

    def acts(action: Action) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                return _answer(await action(bench, await _body(request)))
            except Impossible as refused:
                return _answer({"ok": False, "error": str(refused)})
            except BadRequest as wrong:
                return JSONResponse({"ok": False, "error": str(wrong)}, wrong.status)

        return endpoint

    def reads(read: Callable[[Bench, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return read(bench, request)

        return endpoint

    posts: dict[str, Action] = {
        "command": run_command,
        "click": click,
        "submit": submit,
        "message": _message,
        "home": _home,
        "clock": _clock,
        "options": offer,
        "event": _event,
        "install": _install,
        "disconnect": _disconnect,
        "sample": _sample,
        "profile": _profile,
    }
    return [
        *(Route(f"/_sandbox/{name}", acts(action), methods=["POST"]) for name, action in posts.items()),
        Route("/_sandbox/state", reads(_state)),
        Route("/_sandbox/log", reads(_log)),
        Route("/_sandbox/tour", reads(_tour)),
        Route("/_sandbox/samples", reads(_samples)),
        Route("/_sandbox/faults", _faults(bench), methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/files/{id}", reads(_file)),
        Route("/_sandbox/upload", _upload(bench), methods=["POST"]),
        Route("/_sandbox/stream", _stream(bench)),
    ]


class BadRequest(Exception):
    """The request is not what the endpoint takes; the text says why."""

    status = 400


class NoClock(BadRequest):
    """This sandbox was not given a clock to move."""

    status = 404


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as wrong:
        raise BadRequest(f"not JSON: {wrong}") from wrong
    if not isinstance(body, dict):
        raise BadRequest("must be a JSON object")
    return body


def _answer(body: Any) -> Response:
    """JSON by msgspec: a state of many thousand messages must not hold up the event loop."""
    return Response(msgspec.json.encode(body), media_type="application/json")


async def _message(bench: Bench, body: Json) -> Json:
    return write_message(bench, body)


async def _home(bench: Bench, body: Json) -> Json:
    """Opens the app's Home tab: https://docs.slack.dev/reference/events/app_home_opened"""
    user = the_user(bench, body)
    channel, _ = bench.workspace.direct_message(user.id)
    inner: Json = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": channel.id,
        "tab": "home",
        "event_ts": bench.workspace.timestamps.next(),
    }
    home = bench.modals.homes.get(user.id)
    if home is not None:
        inner["view"] = {"id": home.id, "type": "home", "hash": home.hash, **home.body}
    subscribed = bench.deliver_event("app_home_opened", event(inner), user=user.id, channel=channel.id)
    return {"ok": True, "delivered": subscribed}


async def _event(bench: Bench, body: Json) -> Json:
    """Delivers any event: the body is the inner event. "app_uninstalled" also revokes the tokens."""
    name = str(body.get("type", ""))
    if not name:
        raise BadRequest("type is missing")
    if name == "app_uninstalled":
        bench.grants.revoked = True
    inner = {"event_ts": bench.workspace.timestamps.next(), **body}
    bench.deliveries.event(Delivery("event", event(inner), body.get("user"), body.get("channel")))
    return {"ok": True}


async def _install(bench: Bench, body: Json) -> Json:
    """Installs the app anew: tokens hold again; `scopes` and `events`, where given, replace what was granted.

    A `request_url` is taken when the app there answers the challenge of the Events API.
    """
    grants = bench.grants
    url = body.get("request_url")
    if url is not None and not await bench.deliveries.verify(str(url)):
        raise BadRequest(f"{url} did not answer the challenge")
    for name in ("scopes", "events"):
        if name in body:
            if not isinstance(body[name], list) or not all(isinstance(one, str) for one in body[name]):
                raise BadRequest(f"{name} must be a list of strings")
            setattr(grants, name, set(body[name]))
    grants.revoked = False
    return {
        "ok": True,
        "app_id": APP_ID,
        "scopes": sorted(grants.scopes),
        "events": sorted(grants.events),
        "request_url": bench.deliveries.request_url,
    }


async def _profile(bench: Bench, body: Json) -> Json:
    """A person sets their status, in the shape of `users.profile.set`; of a profile it is all that can be changed here."""
    user, profile = the_user(bench, body), body.get("profile")
    if not isinstance(profile, dict):
        raise BadRequest("profile must be an object")
    try:
        user.status = read_status(profile)
    except BadStatus as refused:
        return {"ok": False, "error": str(refused)}
    bench.stream.publish("user", {"user": shown_user(user)})
    return {"ok": True, "profile": profile_fields(user.status)}


async def _disconnect(bench: Bench, body: Json) -> Json:
    """Ends every Socket Mode connection, as Slack does to refresh them."""
    return {"ok": True, "ended": await bench.socket.disconnect(str(body.get("reason", "refresh_requested")))}


async def _clock(bench: Bench, body: Json) -> Json:
    """Moves the story's clock through the callback the sandbox was given. Raises NoClock."""
    if bench.settings.on_clock is None:
        raise NoClock("no_clock")
    told = await bench.settings.on_clock(str(body.get("advance", "")))
    now = clock(bench)
    bench.stream.publish("clock", {"clock": now})
    return {"ok": True, "now": now["now"], **(told or {})}


def _state(bench: Bench, request: Request) -> Response:
    query = request.query_params
    user = query.get("user")
    if user is not None and user not in bench.workspace.users:
        return JSONResponse({"ok": False, "error": f"user_not_found: {user}"}, 404)
    limit = query.get("limit", "")
    most = min(MOST, int(limit)) if limit.isdecimal() else NEWEST
    return _answer(snapshot(bench, user, limit=most, since=query.get("since", "")))


def _log(bench: Bench, request: Request) -> Response:
    return _answer({"ok": True, "entries": bench.traffic.entries()})


def _samples(bench: Bench, request: Request) -> Response:
    known = bench.settings.samples.items()
    return _answer({"ok": True, "samples": [{"name": name, "size": len(content)} for name, content in known]})


async def _sample(bench: Bench, body: Json) -> Json:
    """A person takes one of the sample files, as if it had come from their disk."""
    name = str(body.get("name"))
    content = bench.settings.samples.get(name)
    if content is None:
        return {"ok": False, "error": f"there is no sample {name}"}
    file = new_file(bench, name, content, the_user(bench, body).id)
    file.completed = True
    return {"ok": True, "file_id": file.id}


def _tour(bench: Bench, request: Request) -> Response:
    return _answer({"ok": True, "steps": bench.settings.tour})


def _file(bench: Bench, request: Request) -> Response:
    file = bench.workspace.files.get(request.path_params["id"])
    if file is None or not file.content:
        return JSONResponse({"ok": False, "error": "file_not_found"}, 404)
    # Only pictures are shown in place: an uploaded page must not run with the rights of this one.
    shown = "inline" if file.mimetype in INLINE else "attachment"
    headers = {"Content-Disposition": shown, "X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"}
    return Response(file.content, media_type=file.mimetype, headers=headers)


def _faults(bench: Bench) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "DELETE":
            bench.faults.clear()
        if request.method == "POST":
            try:
                orders = json.loads(await request.body())
                listed = orders if isinstance(orders, list) else [orders]
                bench.faults.order([Fault.read(order) for order in listed])
            except (ValueError, AttributeError, BadFault) as wrong:
                return JSONResponse({"ok": False, "error": str(wrong)}, 400)
        return _answer({"ok": True, "faults": bench.faults.pending()})

    return endpoint


def _upload(bench: Bench) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        name = request.query_params.get("name", "")
        if not content or not name or len(content) > UPLOAD_BYTES:
            return JSONResponse({"ok": False, "error": "a name and a body of at most 50 MB are needed"}, 400)
        file = new_file(bench, name, content, request.query_params.get("user", ""))
        file.completed = True
        return _answer({"ok": True, "file_id": file.id})

    return endpoint


def _stream(bench: Bench) -> Callable[[Request], Awaitable[Any]]:
    async def endpoint(request: Request) -> Any:
        return EventStream(bench, request.query_params.get("user"))

    return endpoint
