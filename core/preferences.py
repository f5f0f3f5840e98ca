"""What a new envelope takes where nothing is said, as finance has set it for the whole workspace; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

from core.envelope import DEFAULT_HARD, DEFAULT_SOFT
from core.errors import OutOfRange
from core.people import USER_ID
from core.quiet import parse_quiet

DEFAULT_MARGIN: Final = 0.20


@dataclass(frozen=True, slots=True)
class Preferences:
    """None where the built-in default or the settings file decides. Shares run from 0 to 1 (hard up to 2).

    Attributes:
      channel: a Slack channel id; before the settings file's `OUTLAY_CHANNEL`.
      deputy: a Slack user id; stands in for sponsors whose envelope names nobody.
      quiet: hours in which soft alerts wait, as `22-7`.

    Raises OutOfRange.
    """

    channel: str | None = None
    deputy: str | None = None
    soft_share: float | None = None
    hard_share: float | None = None
    margin: float | None = None
    quiet: str | None = None

    def __post_init__(self) -> None:
        if self.deputy is not None and not USER_ID.fullmatch(self.deputy):
            raise OutOfRange("The deputy has to be a person in Slack. Pick one from the list, like deputy=@dana.")
        soft, hard = self.soft, self.hard
        if not (0.01 <= soft <= 1 and 0.01 <= hard <= 2 and soft < hard):
            raise OutOfRange(
                f"Soft {soft:.0%} and hard {hard:.0%} do not go together: soft is 1%–100% and below hard, hard at most 200%."
            )
        if self.margin is not None and not 0 <= self.margin <= 5:
            raise OutOfRange(f"The margin {self.margin:.0%} is outside 0%–500%.")
        if self.quiet is not None:
            parse_quiet(self.quiet)

    @property
    def soft(self) -> float:
        return DEFAULT_SOFT if self.soft_share is None else self.soft_share

    @property
    def hard(self) -> float:
        return DEFAULT_HARD if self.hard_share is None else self.hard_share

    def changed(self, given: Mapping[str, Any]) -> Preferences:
        """With these; None takes one back. Raises OutOfRange."""
        return replace(self, **given)

    def packed(self) -> dict[str, Any]:
        """Plain values, without what is not set."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Preferences:
        """What another version of Outlay kept beside them is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})
