"""A submitted form, from Slack's payload to its answer: the same steps for every form that saves something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.readable import shortened
from bot.slack.guard import guarded
from bot.slack.interaction import Interaction, Registrar, reply_to
from bot.slack.modals import View, outcome_modal
from bot.slack.views.blocks import Message


@dataclass(slots=True)
class Outcome:
    """What a submitted form leads to.

    Attributes:
      answer: to Slack, within three seconds; empty closes the form.
      said: where the form was opened from, after that answer; also when something failed behind it.
    """

    answer: dict[str, Any] = field(default_factory=dict)
    said: Message | None = None

    def refuse(self, block: str, reason: str) -> None:
        """The form stays open with the reason under that field."""
        self.answer.update(response_action="errors", errors={block: shortened(reason, 300)})

    def show(self, view: View) -> None:
        """The view takes the form's place."""
        self.answer.update(response_action="update", view=view)


Save = Callable[[Interaction, Outcome], Awaitable[None]]
"""Carries a form out and puts down what it leads to; what it raises takes the form's place."""


def submission(registrar: Registrar, title: str, save: Save, **at_first: Any) -> Callable[..., Awaitable[None]]:
    """Bolt's listener for a submitted form. `at_first` is the answer to Slack unless `save` puts down another."""

    async def submitted(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        outcome = Outcome(dict(at_first))

        async def fail(message: Message) -> None:
            outcome.show(outcome_modal(title, message))

        async def act() -> None:
            await save(registrar.interaction(body, client), outcome)

        await guarded(f"submit {title}", fail, act)
        await ack(**outcome.answer)
        if outcome.said is not None:
            say = reply_to(body, client).say
            await guarded(f"tell {title}", say, partial(say, outcome.said))

    return submitted
