"""One call of a Web API method: its arguments, however they were sent, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.model import Json

if TYPE_CHECKING:
    from sandbox.bench import Bench

STRUCTURED = ("blocks", "attachments", "metadata", "view", "files", "unfurls")
"""Arguments that carry JSON; in a query or a form they arrive as text."""


class SlackError(Exception):
    """A refusal as Slack words it: `code` becomes `error`, the rest is added to the answer."""

    def __init__(self, code: str, **rest: Any) -> None:
        super().__init__(code)
        self.code, self.rest = code, rest


@dataclass(frozen=True)
class Call:
    """A call past its token check. Reading an argument wrongly typed raises SlackError."""

    method: str
    args: Json
    token: str

    def text(self, name: str, default: str | None = None) -> str:
        """A string argument; without a default it is required."""
        value = self.args.get(name, default)
        if value is None or value == "":
            if default is not None:
                return default
            raise SlackError("invalid_arguments", response_metadata=_told(f"missing required field: {name}"))
        return str(value)

    def maybe(self, name: str) -> str | None:
        value = self.args.get(name)
        return None if value in (None, "") else str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def whole(self, name: str, default: int, high: int) -> int:
        """A positive whole number, cut to `high` as Slack does."""
        try:
            return max(1, min(high, int(self.args.get(name) or default)))
        except (TypeError, ValueError, OverflowError):
            raise SlackError("invalid_arguments", response_metadata=_told(f"invalid {name}")) from None


def missing_scope(bench: Bench, needed: str) -> SlackError:
    """https://docs.slack.dev/authentication/installing-with-oauth (scopes)"""
    return SlackError("missing_scope", needed=needed, provided=",".join(sorted(bench.grants.scopes)))


def _told(problem: str) -> Json:
    return {"messages": [f"[ERROR] {problem}"]}


Handler = Callable[["Bench", Call], Json]


@dataclass(frozen=True)
class Method:
    """A Web API method: what runs it, the scopes of which it needs one, and whose token it takes.

    `caller` is "bot", "app" for an app-level token, or "none".
    """

    run: Handler
    scopes: tuple[str, ...] = ()
    caller: str = "bot"


METHODS: dict[str, Method] = {}


def method(name: str, *, scopes: tuple[str, ...] = (), caller: str = "bot") -> Callable[[Handler], Handler]:
    """Registers the handler of a Web API method."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(handler, scopes, caller)
        return handler

    return register


async def read_arguments(request: Request) -> Json:
    """Merges query, form, multipart and JSON arguments; the body wins. Raises SlackError("invalid_json")."""
    args: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        body = await request.body()
        try:
            sent = json.loads(body) if body else {}
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(sent, dict):
            raise SlackError("json_not_object")
        args |= sent
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form()
        args |= {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
    for name in STRUCTURED:
        if isinstance(args.get(name), str):
            args[name] = _structured(name, args[name])
    return args


def _structured(name: str, text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise SlackError(f"invalid_{name}_format" if name == "blocks" else "invalid_arguments") from None


def token_of(request: Request, args: Json) -> str | None:
    """The token in the Authorization header, or else in the arguments."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    sent = args.get("token")
    return str(sent) if sent else None
