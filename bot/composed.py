"""What composers make of the outbox's notices: a message that may show a picture, or one line of a message for several."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.slack.views.blocks import Block, Message
from core.store.outbox import Notice


@dataclass(frozen=True, slots=True)
class Composed:
    """A message that may show a picture: `compose` is given the Slack file to show, or None to do without."""

    compose: Callable[[str | None], Message]
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One notice among several that share a message.

    Attributes:
      urgency: the highest comes first.
      text: one line of escaped mrkdwn that stands alone.
      way: a button that leads to the rest of it.
    """

    urgency: int
    text: str
    way: Block | None = None


class NothingToTell(Exception):
    """What a notice is about is not in the books any more; the text says what is missing. It is parked."""


Composer = Callable[[Notice], Awaitable[Composed]]
LineComposer = Callable[[Notice], Line]


@dataclass(frozen=True, slots=True)
class Composing:
    """The composers of every kind; kinds that may share a message have a line too."""

    whole: Mapping[str, Composer]
    lines: Mapping[str, LineComposer]

    async def of(self, notice: Notice) -> Composed:
        """The message of one notice. Raises NothingToTell, KeyError for a kind that nobody knows."""
        return await self.whole[notice.kind](notice)

    def is_groupable(self, notice: Notice) -> bool:
        return notice.kind in self.lines
