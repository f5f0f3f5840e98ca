"""What a demo leaves in its folder, so that it can go on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import msgspec

from bot.wiring import system_clock
from core.errors import SettingsProblem

BOOKS: Final = "outlay.db"
_FILE: Final = "demo.json"
_OPENS_ON: Final = 17
_OPENS_AT: Final = 10


@dataclass
class DemoState:
    """What a demo needs to go on where it stopped.

    Attributes:
      now: where its clock stood.
      sent_until: usage before this instant is in the books.
      anchor: any day of the month that the usage is anchored in.
      is_furnished: whether the company's past is complete.
    """

    now: datetime
    sent_until: datetime
    anchor: date
    is_furnished: bool = False

    @classmethod
    def of(cls, folder: Path) -> DemoState:
        """What the folder holds; in an empty one a new demo, that opens on the 17th of this month at 10:00 UTC.

        Raises SettingsProblem, also for books that are not a demo's: they are no place for invented usage.
        """
        path = folder / _FILE
        if path.exists():
            try:
                return msgspec.json.decode(path.read_bytes(), type=cls)
            except msgspec.DecodeError as unreadable:
                raise SettingsProblem(f"{path} cannot be read. Remove {folder} to start anew.") from unreadable
        if (folder / BOOKS).exists():
            raise SettingsProblem(f"{folder} holds books that are not a demo's. Name another folder.")
        at = system_clock().replace(day=_OPENS_ON, hour=_OPENS_AT, minute=0, second=0, microsecond=0)
        opening = cls(at, at, at.date())
        opening.write(folder)
        return opening

    def write(self, folder: Path) -> None:
        """In one step: a crash leaves the old or the new state, whole."""
        fresh = folder / f"{_FILE}.new"
        fresh.write_bytes(msgspec.json.encode(self))
        fresh.replace(folder / _FILE)
