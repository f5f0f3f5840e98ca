"""`GET /_sandbox/state`: the workspace as one person sees it, or all of it."""

from __future__ import annotations

from sandbox.bench import Bench
from sandbox.company import BOT_ID, BOT_NAME, BOT_USER, TEAM_ID, TEAM_NAME
from sandbox.modals import shown_view
from sandbox.model import Json
from sandbox.workspace import shown_file, shown_user

NEWEST = 500
MOST = 50_000


def snapshot(bench: Bench, user: str | None, *, limit: int = NEWEST, since: str = "") -> Json:
    """Everything visible to `user`; to nobody in particular for None.

    Args:
      limit: newest messages per channel; `older` names the channels that have more.
      since: leaves out ephemeral messages up to this ts. A page passes the newest ts it saw when it was opened, because
        Slack's client forgets ephemeral messages on reload.
    """
    workspace = bench.workspace
    channels = list(workspace.channels_of(user))
    stacks = {one: stack for one, stack in bench.modals.stacks.items() if user in (None, one)}
    return {
        "ok": True,
        "team": {"id": TEAM_ID, "name": TEAM_NAME},
        "bot": {"user_id": BOT_USER, "bot_id": BOT_ID, "name": BOT_NAME},
        "commands": [one for one in bench.grants.commands.values() if "description" in one],
        "users": [shown_user(one) for one in workspace.users.values()],
        "channels": [workspace.shown_channel(channel) for channel in channels],
        "messages": {
            channel.id: [message.shown() for message in workspace.newest(channel.id, limit)] for channel in channels
        },
        "older": [channel.id for channel in channels if len(workspace.messages.get(channel.id, {})) > limit],
        "views": [bench.modals.shown(view) for stack in stacks.values() for view in stack],
        "homes": {one: shown_view(view) for one, view in bench.modals.homes.items() if user in (None, one)},
        "files": [shown_file(file) for file in workspace.files.values() if file.content],
        "clock": clock(bench),
        "ephemeral": {
            one: [message.shown() for message in held if message.ts > since]
            for one, held in workspace.ephemerals.items()
            if user in (None, one)
        },
    }


def clock(bench: Bench) -> Json:
    return {"available": bench.settings.on_clock is not None, "now": bench.now().isoformat()}
