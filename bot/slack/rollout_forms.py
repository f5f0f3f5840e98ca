"""What `/budget rollout …` asks for, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Act = Literal["show", "start", "pause", "resume", "restart", "tick", "untick", "test-alert"]


@dataclass(frozen=True, slots=True)
class RolloutCommand:
    """`number` goes with tick and untick; the rest with start and restart, None or empty where nothing was said."""

    act: Act = "show"
    number: int = 0
    channel: str | None = None
    from_on: date | None = None
    people: tuple[str, ...] = ()
    share: bool = False

    @property
    def wants_modal(self) -> bool:
        """Start without anything that says how."""
        return self.act == "start" and not (self.channel or self.from_on or self.people)
