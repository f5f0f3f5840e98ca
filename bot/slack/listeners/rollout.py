"""`/budget rollout`: the checklist, starting and steering it, ticks by hand, and the test alert."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from bot.slack import ids
from bot.slack.command_words import COMMAND
from bot.slack.interaction import Interaction, Registrar, remembered_in
from bot.slack.listeners import answers
from bot.slack.listeners.plan_forms import open_view
from bot.slack.listeners.submission import Outcome, submission
from bot.slack.rollout_forms import RolloutCommand
from bot.slack.views.blocks import Message
from bot.slack.views.mrkdwn import channel
from bot.slack.views.rollout import checklist_message, none_message, rollout_modal, ticked_message
from bot.slack.views.wording import day
from core.errors import OutOfRange, Unreadable
from core.rollout import Rollout
from core.services import manage_rollout, post_rollout, read_rollout
from core.services.manage_rollout import Order

TITLE: Final = "The first 30 days"


def register(registrar: Registrar) -> None:
    registrar.action(ids.SHOW_ROLLOUT, show_from_button)
    registrar.action(ids.OPEN_ROLLOUT, open_from_button)
    registrar.action(ids.TICK_ITEM, tick_from_menu)
    registrar.action(ids.SEND_TEST_ALERT, test_alert_from_button)
    registrar.action(ids.SEE_TEST_ALERT, see_test_alert)
    registrar.action(ids.STEER_ROLLOUT, steer)
    registrar.app.view(ids.ROLLOUT_MODAL)(submission(registrar, TITLE, _start_from_form))


async def rollout(asked: Interaction, command: RolloutCommand) -> None:
    """One typed line."""
    match command.act:
        case "show":
            await answers.send(asked, await _shown(asked), share=command.share)
        case "start" if command.wants_modal:
            await open_form(asked)
        case "start" | "restart":
            order = await _order(asked, command.channel, command.from_on, command.people)
            await answers.report(asked, await _begin(asked, order, again=command.act == "restart"), share=command.share)
        case "pause" | "resume":
            await answers.report(asked, await _steered(asked, command.act), share=command.share)
        case "tick" | "untick":
            told = await _ticked(asked, command.number, undo=command.act == "untick")
            await answers.report(asked, told, share=command.share)
        case "test-alert":
            await answers.report(asked, await _test_alert(asked), share=command.share)


async def _shown(asked: Interaction, said: str | None = None) -> Message:
    listed = await read_rollout.standing(asked.desk.uow, now=asked.now)
    if listed is None:
        return none_message(may_steer=asked.actor.is_finance)
    return checklist_message(listed, may_steer=asked.actor.is_finance, reader=await asked.reader(), said=said)


async def _order(asked: Interaction, place: str | None, from_on: date | None, people: tuple[str, ...]) -> Order:
    """What was said, and the rest from the last rollout or the settings."""
    async with asked.desk.uow.read() as tx:
        last = await tx.rollouts.latest()
    zone = await asked.reader()
    place = place or (last.channel if last else None) or asked.desk.defaults.channel
    if place is None:
        raise OutOfRange("Where should the checklist be posted? Name a channel.", correction=f"{COMMAND} rollout start")
    named = people or (last.people if last else ()) or (asked.actor.id,)
    return Order(place, from_on or asked.now.astimezone(zone).date(), named, zone)


async def _begin(asked: Interaction, order: Order, *, again: bool) -> Message:
    begun = await manage_rollout.start(asked.desk.uow, order, by=asked.actor, now=asked.now, again=again)
    await _post(asked)
    return await _shown(asked, said=_begun_words(begun))


def _begun_words(begun: Rollout) -> str:
    return f"The first 30 days run from {day(begun.started_on)} in {channel(begun.channel)}; invite me there if I am no member."


async def _post(asked: Interaction) -> None:
    """The first post is due at once when the first day has begun."""
    await post_rollout.post_rollout(asked.desk.uow, now=asked.now)
    asked.desk.wake_delivery()


async def _steered(asked: Interaction, act: str) -> Message:
    if act == "pause":
        await manage_rollout.pause(asked.desk.uow, by=asked.actor, now=asked.now)
        return await _shown(asked, said=f"Paused: nothing is posted or overdue until `{COMMAND} rollout resume`.")
    await manage_rollout.resume(asked.desk.uow, by=asked.actor, now=asked.now)
    await _post(asked)
    return await _shown(asked, said="It goes on; the days of rest were added.")


async def _ticked(asked: Interaction, number: int, *, undo: bool = False) -> Message:
    _, changed = await manage_rollout.tick(asked.desk.uow, number, by=asked.actor, now=asked.now, undo=undo)
    if changed:
        await post_rollout.refresh_post(asked.desk.uow, now=asked.now)
        asked.desk.wake_delivery()
    return await _shown(asked, said=ticked_message(number, undo=undo, changed=changed))


async def _test_alert(asked: Interaction) -> Message:
    sent = await manage_rollout.send_test_alert(asked.desk.uow, by=asked.actor, now=asked.now)
    asked.desk.wake_delivery()
    return await _shown(
        asked, said=f"A test alert goes to {channel(sent.channel)}; it counts once somebody acknowledges it."
    )


async def show_from_button(asked: Interaction) -> None:
    await asked.reply.say(await _shown(asked))


async def open_from_button(asked: Interaction) -> None:
    await open_form(asked)


async def tick_from_menu(asked: Interaction) -> None:
    if not (asked.value.isascii() and asked.value.isdecimal() and len(asked.value) < 4):
        raise Unreadable("This menu does not name an item. Open the checklist again.", correction=f"{COMMAND} rollout")
    await asked.reply.say(await _ticked(asked, int(asked.value)), replace=True)


async def test_alert_from_button(asked: Interaction) -> None:
    await asked.reply.say(await _test_alert(asked), replace=True)


async def see_test_alert(asked: Interaction) -> None:
    """Whoever presses first has seen it; the message then says who."""
    await manage_rollout.acknowledge_test_alert(asked.desk.uow, asked.value[:200], by=asked.actor, now=asked.now)
    await _post(asked)


async def steer(asked: Interaction) -> None:
    await asked.reply.say(await _steered(asked, "resume" if asked.value == "resume" else "pause"), replace=True)


async def open_form(asked: Interaction) -> None:
    """The form to start with. Raises NotAllowed before anybody fills it in for nothing, and Overloaded when it came too late."""
    asked.actor.require_finance("start the rollout")
    async with asked.desk.uow.read() as tx:
        last = await tx.rollouts.latest()
    form = rollout_modal(
        channel_id=(last.channel if last else None) or asked.desk.defaults.channel,
        people=(last.people if last else None) or (asked.actor.id,),
        today=asked.now.astimezone(await asked.reader()).date(), again=bool(last and last.is_live),
    )  # fmt: skip
    await open_view(asked, form, line=f"{COMMAND} rollout start")


async def _start_from_form(asked: Interaction, outcome: Outcome) -> None:
    place, from_on, people = _filled_in(asked.view)
    try:
        order = await _order(asked, place, from_on, people)
        outcome.said = await _begin(asked, order, again=bool(remembered_in(asked.body).get("again")))
    except OutOfRange as refusal:
        outcome.refuse(ids.BLOCK_ROLLOUT_FROM, refusal.message)


def _filled_in(view: Any) -> tuple[str | None, date | None, tuple[str, ...]]:
    """Channel, day and people as picked. Raises Unreadable for a day that is none, as only a forged form has."""
    values = (view.get("state") or {}).get("values") or {}
    elements: dict[str, Any] = {block: next(iter(fields.values()), {}) for block, fields in values.items()}
    day_text = elements.get(ids.BLOCK_ROLLOUT_FROM, {}).get("selected_date")
    try:
        from_on = date.fromisoformat(day_text) if day_text else None
    except ValueError as unreadable:
        raise Unreadable("That is not a day. Write it like 2026-12-01.") from unreadable
    place = elements.get(ids.BLOCK_ROLLOUT_CHANNEL, {}).get("selected_conversation")
    return place, from_on, tuple(elements.get(ids.BLOCK_ROLLOUT_PEOPLE, {}).get("selected_users") or ())
