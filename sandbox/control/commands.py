"""A person types: a slash command, or a message."""

from __future__ import annotations

from sandbox.bench import Bench
from sandbox.company import BOT_USER, SLACKBOT
from sandbox.control.people import Impossible, the_channel, the_user, typed
from sandbox.control.watch import MOST_SECONDS, patience, watch
from sandbox.deliveries import Ack, Delivery
from sandbox.model import Channel, Json, Message, User
from sandbox.payloads import event, slash_command
from sandbox.responses import has_message, respond
from sandbox.tickets import ResponseUrl
from sandbox.webapi.call import SlackError
from sandbox.webapi.shapes import api_message

SENTENCES = {
    "operation_timeout": "operation_timeout: the app did not acknowledge within 3 seconds",
    "dispatch_failed": "dispatch_failed: the app could not be reached",
    "http_service_error": "http_service_error: the app answered with an error status",
    "invalid_command_response": "invalid_command_response: the app's answer is not a valid message",
}


async def run_command(bench: Bench, body: Json) -> Json:
    """Sends a slash command to the app and waits for what the person sees. Raises Impossible."""
    user = the_user(bench, body)
    channel = the_channel(bench, user, body.get("channel"))
    command = str(body.get("command", ""))
    if body.get("thread_ts"):
        raise Impossible("Slash commands cannot be used in threads.")
    if command not in bench.grants.commands:
        raise Impossible(f"{command} is not a valid command.")
    text = typed(bench, str(body.get("text") or "").strip(), named=True)
    payload = slash_command(bench, user=user, channel=channel, command=command, text=text)
    with watch(bench, user.id, channel.id) as seen:
        ack = await bench.deliveries.send(Delivery("slash_command", payload, user.id, channel.id))
        error = ack.error or _show_answer(bench, user, channel, ack)
        if error:
            _show_failure(bench, user, channel, command, error)
        await seen.settle(patience(body, MOST_SECONDS))
        return outcome(ack, error) | seen.result()


def outcome(ack: Ack, error: str | None) -> Json:
    """The part of an answer that tells how the app acknowledged."""
    return {
        "ok": True,
        "acked": ack.ok,
        "ack_ms": round(ack.ms, 1),
        "status": ack.status,
        "error": SENTENCES.get(error, error) if error else None,
    }


def _show_answer(bench: Bench, user: User, channel: Channel, ack: Ack) -> str | None:
    """Posts the message in an acknowledgement; the error when it is not a valid one."""
    if not has_message(ack.answer):
        return None
    try:
        respond(bench, ResponseUrl(channel.id, user.id, 0.0), {**ack.answer, "replace_original": False})
    except SlackError:
        return "invalid_command_response"
    return None


def _show_failure(bench: Bench, user: User, channel: Channel, command: str, error: str) -> None:
    text = f"{command} failed with the error \u201c{error}\u201d"
    ts = bench.workspace.timestamps.next()
    bench.workspace.post_ephemeral(Message(ts, channel.id, SLACKBOT, text, ephemeral_for=user.id))


def write_message(bench: Bench, body: Json) -> Json:
    """A person writes into a conversation, or into a thread of it. Raises Impossible."""
    user = the_user(bench, body)
    channel = the_channel(bench, user, body.get("channel"))
    if channel.is_archived:
        raise Impossible(f"is_archived: {channel.name} is archived")
    text = typed(bench, str(body.get("text") or ""), named=False)
    if not text.strip():
        raise Impossible("no_text: there is nothing to send")
    thread_ts = str(body.get("thread_ts") or "") or None
    if thread_ts and bench.workspace.message(channel.id, thread_ts) is None:
        raise Impossible(f"thread_not_found: {thread_ts}")
    ts = bench.workspace.timestamps.next()
    message = bench.workspace.post(Message(ts, channel.id, user.id, text, thread_ts=thread_ts))
    kind, name = _event_name(channel)
    inner = api_message(message) | {"channel": channel.id, "channel_type": kind, "event_ts": ts}
    bench.deliver_event(name, event(inner), user=user.id, channel=channel.id)
    if f"<@{BOT_USER}>" in text and BOT_USER in channel.members and not channel.is_im:
        bench.deliver_event("app_mention", event(inner | {"type": "app_mention"}), user=user.id, channel=channel.id)
    return {"ok": True, "message": bench.workspace.shown(message)}


def _event_name(channel: Channel) -> tuple[str, str]:
    """`channel_type` and the name of the subscription that covers it."""
    kind = "im" if channel.is_im else "group" if channel.is_private else "channel"
    return kind, "message.im" if kind == "im" else f"message.{kind}s"
