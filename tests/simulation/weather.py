"""Slack on a bad day: a fifth of all calls goes wrong, channels are archived for a while, messages vanish."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from sandbox import Sandbox
from sandbox.company import BOT_USER
from sandbox.faults import Fault, Faults
from sandbox.model import Channel

KINDS: Final = ("429", "500", "lost", "slow", "gone")
STRICKEN: Final = (
    "chat.postMessage",
    "chat.update",
    "conversations.open",
    "conversations.history",
    "conversations.replies",
)
HISTORY: Final = frozenset({"channels:history", "groups:history", "im:history"})


class Weather(Faults):
    """Strikes a share of the calls in one of five ways, by a seed."""

    def __init__(self, choose: random.Random, share: float) -> None:
        super().__init__()
        self._choose = choose
        self.share = share
        self.struck: dict[str, int] = dict.fromkeys(KINDS, 0)

    def strike(self, method: str) -> Fault | None:
        if method not in STRICKEN or self._choose.random() >= self.share:
            return super().strike(method)
        kind = self._choose.choice(KINDS)
        self.struck[kind] += 1
        return Fault(method, kind, seconds=0.01 if kind == "slow" else self._choose.choice((1, 5, 30)))


def rooms(box: Sandbox, channels: Sequence[str]) -> None:
    """Channels with the bot in them, beside those of the sample company."""
    for channel in channels:
        made = Channel(channel, channel.lower(), ["U0ANA", "U0SAM", BOT_USER])
        box.bench.workspace.channels[channel] = made
        box.bench.workspace.messages.setdefault(channel, {})


def archive(box: Sandbox, channel: str, *, is_archived: bool) -> None:
    box.bench.workspace.channels[channel].is_archived = is_archived
